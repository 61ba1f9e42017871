// The phone with Instagram: bubbles, quick replies, questions to begin with, the menu, seen and typing.
import { businessFace, call, el, icon, toast } from "./dom.js";
import { tell } from "./inside.js";
import { bubble, picture, player, reelCard, sound, starters } from "./pieces.js";
import { assetOf, sampleIn, sampleOf, samples } from "./samples.js";
import { makePhone } from "./shell.js";
import { clock, makeThread } from "./thread.js";
import { makeTray } from "./tray.js";
import { current, say } from "./words.js";

const SHARED = ["ig_reel", "ig_post", "share", "reel", "ig_story", "story_mention"];

export function makeInstagram(me) {
  const phone = makePhone("instagram", { write });
  const thread = makeThread(phone.part("thread"), { row, print });
  const tray = makeTray(phone, {
    modes: [["share", "modeShare", "helpShare"], ["permalink", "modePermalink", "helpPermalink"], ["link", "modeLink", "helpLink"]],
    send: sendSample,
  });
  const path = (rest) => `/_sim/people/${encodeURIComponent(me().igsid)}/${rest}`;
  let view = { messages: [], typing: false, seen_at: null };
  let profile = {};

  async function read() {
    const asking = me().igsid;
    const next = await call(path("messages"));
    if (asking !== me().igsid) return;
    view = next;
    tell(view.now_ms ?? Date.now(), view.messages.findLast((message) => message.from === "person")?.at ?? null);
    show();
  }

  /** Ice breakers and menu: what the account has set for this language. */
  async function readProfile() {
    const { accounts } = await call("/_sim/accounts");
    profile = accounts[0]?.messenger_profile ?? {};
    phone.setList(inLanguage(profile.persistent_menu).map((item) => ({
      label: item.title, url: item.url, choose: () => act("menu", { payload: item.payload }),
    })));
    thread.forget();
    show();
  }

  function inLanguage(lists = []) {
    const [language] = current().split("-");
    const own = lists.find((list) => (list.locale ?? "").startsWith(language));
    return (own ?? lists.find((list) => (list.locale ?? "default") === "default") ?? lists[0])?.call_to_actions ?? [];
  }

  function show() {
    phone.part("presence").textContent = view.typing ? say("typing") : say("presence");
    const after = [];
    const last = view.messages.at(-1);
    if (last?.from === "person") {
      const words = view.seen_at && view.seen_at >= last.at ? `${say("seen")} ${clock(view.seen_at)}` : say("sent");
      after.push({ key: "state", print: words, make: () => el("div.under.mine", {}, words) });
    }
    if (view.typing) after.push({ key: "typing", make: typing });
    // First what takes room from the conversation, so that its end stays in sight.
    chips(last);
    thread.draw(view.messages, { hello, after, open: view.typing });
  }

  /** Quick replies stand above the composer until the next message. */
  function chips(last) {
    const box = phone.part("chips");
    const replies = (last?.from === "business" && last.quick_replies) || [];
    const key = JSON.stringify([last?.id, replies]);
    if (box.dataset.key === key) return;
    box.dataset.key = key;
    box.hidden = replies.length === 0;
    box.ariaLabel = say("replies");
    box.replaceChildren(...replies.map((reply) =>
      el("button", { type: "button", onclick: () => act("taps", { mid: last.id, payload: reply.payload }) }, reply.title)));
  }

  async function act(what, body) {
    try {
      await call(path(what), body);
      await read();
      thread.toEnd();
      return true;
    } catch (error) {
      toast(say("failed", error.message));
      return false;
    }
  }

  function write(body) { return act("messages", body); }

  function sendSample(sample, mode) {
    if (mode === "link") phone.paste(sample.url);
    else write({ share: { code: sample.code, url: mode === "permalink" ? "permalink" : "cdn" } });
  }

  function hello() {
    const node = el("div.hello", {}, businessFace(), el("h2", {}, say("helloTitle")), el("p", {}, say("hello")));
    node.append(starters(samples(), (sample) => sendSample(sample, "share")));
    node.append(el("button.primary", { type: "button", onclick: tray.open }, say("choose")));
    const questions = inLanguage(profile.ice_breakers);
    if (questions.length) {
      node.append(el("div.questions", { role: "group", ariaLabel: say("questions") }, ...questions.map((one) =>
        el("button", { type: "button", onclick: () => act("menu", { payload: one.payload }) }, one.question))));
    }
    return node;
  }

  function row(message) {
    const body = el("div.body");
    const node = el(`div.row.${message.from}`, { title: clock(message.at) }, message.from === "business" ? businessFace() : null, body);
    if (message.text) body.append(bubble(message.text));
    const linked = message.from === "person" ? sampleIn(message.text) : null;
    if (linked) body.append(reelCard(linked, linked.cdn_url));
    body.append(...attachments(message));
    if (!body.childElementCount) body.append(el("div.bubble", {}, say("unsupported")));
    if (message.reaction) {
      body.append(el("span.reaction", {}, message.reaction));
      node.classList.add("has-reaction");
    }
    return node;
  }

  function attachments(message) {
    const shown = [];
    const pictures = message.attachments.filter((part) => part.type === "image");
    const cards = new Set();
    for (const part of message.attachments) {
      if (part.type === "image") continue;
      const sample = SHARED.includes(part.type) ? sampleOf(part.url) : null;
      if (sample) {
        // One share may come as two attachments; people see it once.
        if (!cards.has(sample.code)) shown.push(reelCard(sample, part.url));
        cards.add(sample.code);
      } else if (part.type === "template") shown.push(...template(message, part.payload));
      else if (part.type === "audio") shown.push(sound(part.url));
      else if (part.type === "video" || (part.video_codec && part.duration_ms)) shown.push(player(part.url, part));
      else if (part.url) shown.push(bubble(part.title ? `${part.title}\n${part.url}` : part.url));
      else shown.push(el("div.bubble", {}, say("attachment")));
    }
    if (pictures.length === 1) shown.push(picture(pictures[0].url));
    if (pictures.length > 1) shown.push(el("div.reel-strip", { tabIndex: 0, role: "group", ariaLabel: say("picture") }, ...pictures.map((part) => picture(part.url))));
    return shown;
  }

  function template(message, payload = {}) {
    const holders = payload.elements ?? [payload];
    return holders.flatMap((holder) => [
      el("div.bubble", {}, holder.text ?? [holder.title, holder.subtitle].filter(Boolean).join("\n")),
      el("div.keys", {}, el("div.key-row", {}, ...(holder.buttons ?? []).map((button) => (button.url
        ? el("a.key", { href: button.url, target: "_blank", rel: "noopener noreferrer" }, button.title)
        : el("button.key", { type: "button", onclick: () => act("taps", { mid: message.id, payload: button.payload }) }, button.title))))),
    ]);
  }

  // Addresses are signed anew on each reading, so they are no part of what makes a message different.
  function print(message) {
    return JSON.stringify([message.text, message.reaction, message.attachments.map((part) => [part.type, part.title, assetOf(part.url), part.duration_ms]), current()]);
  }

  function typing() {
    return el("div.row.business.first.last", {}, businessFace(),
      el("div.body", {}, el("div.bubble.typing", { role: "img", ariaLabel: say("typing") }, el("i"), el("i"), el("i"))));
  }

  const relabel = () => { phone.relabel(); tray.draw(); phone.part("chips").dataset.key = ""; };
  return { phone, tray, read, readProfile, show, forget: thread.forget, relabel, icon };
}
