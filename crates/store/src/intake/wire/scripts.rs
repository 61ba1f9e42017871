//! What Redis does in one go, in its own Lua: each script is a change that happens wholly or not at all.

use redis::Cmd;

/// Pops the head into the hash of the taken, with the time; the same id gets the same entry again.
pub(super) const TAKE: &str = "
local known = redis.call('HGET', KEYS[2], ARGV[1])
if known then return string.sub(known, string.find(known, ' ', 1, true) + 1) end
local body = redis.call('LPOP', KEYS[1])
if not body then return false end
redis.call('HSET', KEYS[2], ARGV[1], redis.call('TIME')[1] .. ' ' .. body)
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
    redis.call('HSET', KEYS[1], all[i], now .. ' ' .. body)
    found[#found + 1] = all[i]
    found[#found + 1] = body
  end
end
return found";

/// Moves a taken entry of a list to the dead, once.
pub(super) const BURY_OF_LIST: &str = "
if redis.call('HDEL', KEYS[1], ARGV[1]) == 1 then redis.call('RPUSH', KEYS[2], ARGV[2]) end
return 1";

/// Moves a pending entry of a stream to the dead, once.
pub(super) const BURY_OF_STREAM: &str = "
if redis.call('XACK', KEYS[1], ARGV[3], ARGV[1]) == 1 then redis.call('RPUSH', KEYS[2], ARGV[2]) end
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
