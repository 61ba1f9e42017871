//! What Redis does in one go, in its own Lua: each script is a change that happens wholly or not at all.
//!
//! Nobody else comes in between, but what a script has done before an error stays done: Redis rolls nothing back. So
//! each looks first, then writes the entry where it goes, and only then removes it from where it was.
//!
//! A Redis whose memory is full refuses what may need more, except from a script that has written already. Draining is
//! what makes room, so each begins with a removal that meets nothing.

use redis::Cmd;

/// Moves the head into the hash of the taken, with the time; the same id gets the same entry again.
pub(super) const TAKE: &str = "
local known = redis.call('HGET', KEYS[2], ARGV[1])
if known then return string.sub(known, string.find(known, ' ', 1, true) + 1) end
local body = redis.call('LINDEX', KEYS[1], 0)
if not body then return false end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], redis.call('TIME')[1] .. ' ' .. body)
local popped = redis.pcall('LPOP', KEYS[1])
if type(popped) == 'table' then
  redis.call('HDEL', KEYS[2], ARGV[1])
  return popped
end
return body";

/// All that was taken so many seconds ago, taken anew.
pub(super) const TAKE_OVER: &str = "
local now = tonumber(redis.call('TIME')[1])
local all = redis.call('HGETALL', KEYS[1])
local found = {}
for i = 1, #all, 2 do
  local space = string.find(all[i + 1], ' ', 1, true) or 0
  local at = tonumber(string.sub(all[i + 1], 1, space - 1)) or 0
  if now - at >= tonumber(ARGV[1]) then
    local body = string.sub(all[i + 1], space + 1)
    redis.call('HDEL', KEYS[1], '')
    redis.call('HSET', KEYS[1], all[i], now .. ' ' .. body)
    found[#found + 1] = all[i]
    found[#found + 1] = body
  end
end
return found";

/// Removes a pending entry of a stream. A transaction would be refused where memory is full.
pub(super) const ACK_OF_STREAM: &str = "
redis.call('XACK', KEYS[1], ARGV[2], ARGV[1])
redis.call('XDEL', KEYS[1], ARGV[1])
return 1";

/// Moves a taken entry of a list to the dead, once.
pub(super) const BURY_OF_LIST: &str = "
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HDEL', KEYS[1], '')
redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('HDEL', KEYS[1], ARGV[1])
return 1";

/// Moves a pending entry of a stream to the dead, once. Where there is no stream or no group any more, nothing is
/// pending.
pub(super) const BURY_OF_STREAM: &str = "
if redis.call('TYPE', KEYS[1]).ok ~= 'stream' then return 0 end
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[3], ARGV[1], ARGV[1], 1)
if pending.err then
  if string.find(pending.err, 'NOGROUP', 1, true) then return 0 end
  return pending
end
if #pending > 0 then
  redis.call('XACK', KEYS[1], ARGV[3], '0-0')
  redis.call('RPUSH', KEYS[2], ARGV[2])
  redis.call('XACK', KEYS[1], ARGV[3], ARGV[1])
end
redis.call('XDEL', KEYS[1], ARGV[1])
return 1";

/// A command from its words.
pub(super) fn command(words: &[&str]) -> Cmd {
    let mut command = Cmd::new();
    for word in words {
        command.arg(*word);
    }
    command
}

/// A script with its keys and arguments.
pub(super) fn script(text: &str, keys: &[&str], args: &[&str]) -> Cmd {
    let mut command = command(&["EVAL", text]);
    command.arg(keys.len());
    for word in keys.iter().chain(args) {
        command.arg(*word);
    }
    command
}
