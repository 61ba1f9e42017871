// The phone with Telegram: one message that is edited in place, buttons, files, voice, what the bot is doing.
import { businessFace, call, el, icon, toast } from "./dom.js";
import { link, player, picture, reelCard, sound, starters, withLinks } from "./pieces.js";
import { assetOf, sampleIn, samples } from "./samples.js";
import { makePhone } from "./shell.js";
import { clock, makeThread } from "./thread.js";
import { makeTray } from "./tray.js";
import { current, say } from "./words.js";

const TAP_MS = 6000;
const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "code.pre", spoiler: "span.spoiler",
  blockquote: "span.quote", expandable_blockquote: "span.quote",
};

export function makeTelegram(me) {
  const phone = makePhone("telegram", { write });
  phone.part("text").maxLength = 4096;
  const thread = makeThread(phone.part("thread"), { row, print, touch });
  const tray = makeTray(phone, {
    modes: [["link", "modeLink", "helpLink"], ["forward", "modeForward", "helpForward"], ["video", "modeVideo", "helpVideo"], ["voice", "modeVoice", "helpVoice"]],
    send: sendSample,
  });
  const path = (rest) => `/_sim/telegram/chats/${me().chat}/${rest}`;
  let view = { messages: [], typing: false, toasts: [] };
  let met = null;
  let toasted = new Set();
  let tapped = new Map();

  async function read() {
    const asking = me().chat;
    await meet();
    const next = await call(path("messages"));
    if (asking !== me().chat) return;
    const first = met.fresh;
    met.fresh = false;
    view = next;
    for (const one of view.toasts) {
      if (toasted.has(one.id)) continue;
      toasted.add(one.id);
      tapped.clear();
      if (!first) phone.flash(one.text, one.alert);
    }
    show();
  }

  /** The person is on Telegram, and has not spoken to the bot yet. */
  async function meet() {
    if (met?.chat === me().chat) return;
    const { chat, name, username, language } = me();
    met = { chat, fresh: true };
    toasted = new Set();
    tapped = new Map();
    const { chats } = await call("/_sim/telegram/chats");
    if (!chats.some((one) => one.id === chat)) {
      await call(`/_sim/telegram/chats/${chat}`, { title: name, username, language_code: language, started: false });
    }
    await readCommands();
  }

  async function readCommands() {
    const { commands } = await call("/_sim/telegram");
    const language = (me().language ?? "").slice(0, 2);
    const found = ["all_private_chats", "default"].flatMap((scope) => [commands[scope]?.[language], commands[scope]?.[""]]).find(Boolean) ?? [];
    phone.setList(found.map((one) => ({ label: `/${one.command}`, hint: one.description, choose: () => write({ text: `/${one.command}` }) })));
  }

  function show() {
    const presence = phone.part("presence");
    presence.textContent = view.action ? say(`actions.${view.action}`) : say("bot");
    presence.classList.toggle("active", Boolean(view.action));
    phone.root.classList.toggle("empty", view.messages.length === 0);
    thread.draw(view.messages, { hello, after: [], open: false });
  }

  async function write(body) {
    try {
      await call(path("messages"), body);
      await read();
      thread.toEnd();
      return true;
    } catch (error) {
      toast(say("failed", error.message));
      return false;
    }
  }

  function sendSample(sample, mode) {
    if (mode === "link") phone.paste(sample.url);
    else if (mode === "forward") write({ forward_from_channel: { code: sample.code, title: sample.author_name } });
    else write({ [mode]: { code: sample.code } });
  }

  function hello() {
    const node = el("div.hello", {}, businessFace(), el("h2", {}, say("tgTitle")), el("p", {}, say("hello")));
    node.append(starters(samples(), (sample) => write({ code: sample.code })));
    node.append(el("button.primary", { type: "button", onclick: () => write({ text: "/start" }) }, say("start")));
    return node;
  }

  function row(message) {
    const side = message.from === "bot" ? "business" : "person";
    const box = el("div.bubble");
    if (message.forwarded) box.append(el("small.from", {}, say("forwarded")));
    if (message.reply_to) box.append(quote(message.reply_to));
    const words = message.text ?? message.caption;
    if (message.media) box.append(file(message.media));
    if (["video", "animation", "photo"].includes(message.media?.type)) box.classList.add("with-media");
    if (words) box.append(el("div.words", {}, ...marked(words, message.entities)));
    const linked = side === "person" ? sampleIn(words) : null;
    if (linked) box.append(reelCard(linked, linked.cdn_url));
    const meta = el("span.meta", {}, message.edits ? `${say("edited")} ` : "", clock(message.edited_at ?? message.at));
    if (side === "person") meta.append(icon("ticks"));
    box.append(meta);
    const body = el("div.body", {}, box);
    if (message.reaction) box.append(el("span.reacted", {}, message.reaction));
    return el(message.edits ? `div.row.${side}.edited` : `div.row.${side}`, {}, body);
  }

  // Buttons change without the rest: a player above them plays on.
  function touch(node, message) {
    const key = JSON.stringify([message.buttons, tapped.get(message.id)]);
    if (node.dataset.keys === key) return;
    node.dataset.keys = key;
    node.querySelector(".keys")?.remove();
    if (!message.buttons.length) return;
    node.querySelector(".body").append(el("div.keys", {}, ...message.buttons.map((line) => el("div.key-row", {}, ...line.map((button) => (button.url
      ? el("a.key", { href: button.url, target: "_blank", rel: "noopener noreferrer" }, button.text)
      : el("button.key", { type: "button", "aria-busy": tapped.get(message.id) === button.data ? "true" : null, onclick: () => tap(message.id, button.data) }, button.text)))))));
  }

  async function tap(id, data) {
    tapped.set(id, data);
    show();
    setTimeout(() => { if (tapped.get(id) === data) { tapped.delete(id); show(); } }, TAP_MS);
    try { await call(path("taps"), { message_id: id, data }); } catch (error) { toast(say("failed", error.message)); }
  }

  function quote(id) {
    const replied = view.messages.find((message) => message.id === id);
    const words = replied ? replied.text ?? replied.caption ?? say(`kinds.${replied.media?.type}`) : "…";
    return el("div.replied", {}, el("b", {}, replied?.from === "bot" ? "Gramophone" : me().name), el("span", {}, words));
  }

  function file(media) {
    const size = { ...media.shown, square: media.square, poster: media.thumbnail_url };
    if (["video", "animation"].includes(media.type)) return player(media.url, size);
    if (media.type === "photo") return picture(media.url);
    if (["audio", "voice"].includes(media.type)) return el("div.sound", {}, media.file_name ? el("b", {}, media.file_name) : null, sound(media.url));
    return el("a.file", { href: media.url, download: media.file_name ?? "" },
      el("span.file-sign", {}, icon("file")), el("span", {}, el("b", {}, media.file_name ?? say("attachment")), el("small", {}, bytes(media.bytes))));
  }

  const bytes = (count) => {
    const [number, unit] = count < 1e3 ? [count, "B"] : count < 1e6 ? [count / 1e3, "kB"] : [count / 1e6, "MB"];
    return `${number.toLocaleString(current(), { maximumFractionDigits: 1 })} ${unit}`;
  };

  // Files are signed anew on each reading; buttons are drawn by `touch`.
  function print(message) {
    const media = message.media;
    return JSON.stringify([message.text, message.caption, message.entities, message.edits, message.reaction, media && [media.type, assetOf(media.url)], current()]);
  }

  return { phone, tray, read, readCommands, show, forget: thread.forget, relabel: () => { phone.relabel(); tray.draw(); } };
}

/** A text with its entities, which may lie in each other; offsets count as strings here do. */
function marked(text, entities) {
  const edges = [...new Set([0, text.length, ...entities.flatMap((one) => [one.offset, one.offset + one.length])])].sort((a, b) => a - b);
  const nodes = [];
  for (let at = 0; at + 1 < edges.length; at += 1) {
    const [from, to] = [edges[at], edges[at + 1]];
    const piece = text.slice(from, to);
    const around = entities.filter((one) => one.offset <= from && one.offset + one.length >= to);
    const target = around.find((one) => one.type === "text_link" || one.type === "url");
    let node = target ? link(target.url ?? text.slice(target.offset, target.offset + target.length), target.type === "url" ? piece.replace(/^https?:\/\/(www\.)?/, "") : piece) : null;
    let inner = node ? [node] : around.some((one) => TAGS[one.type]?.startsWith("code")) ? [piece] : withLinks(piece);
    for (const one of around) {
      if (!TAGS[one.type]) continue;
      node = el(TAGS[one.type], {}, ...inner);
      inner = [node];
    }
    nodes.push(...inner);
  }
  return nodes;
}
