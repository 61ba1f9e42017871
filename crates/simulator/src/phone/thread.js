// The conversation: bubbles, players, cards of shared reels, seen and typing.
import { businessFace, el, face, icon } from "./dom.js";
import { current, say } from "./words.js";

const PAUSE_MS = 15 * 60_000;
const POST = /(?:https?:\/\/)?(?:www\.)?instagram\.com\/(?:[\w.]+\/)?(?:reel|reels|p|tv)\/([\w-]{11})[^\s]*/i;
const ADDRESS = /https?:\/\/[^\s]+|(?:www\.)?instagram\.com\/[^\s]+/gi;

let samples = new Map();
let byAsset = new Map();
const drawn = new Map();

export function knowSamples(list) {
  samples = new Map(list.map((sample) => [sample.code, sample]));
  byAsset = new Map(list.map((sample) => [assetOf(sample.cdn_url), sample]));
}

const assetOf = (url) => /[?&]asset_id=(\d+)/.exec(url ?? "")?.[1];
const sampleOf = (url) => byAsset.get(assetOf(url)) ?? samples.get(POST.exec(url ?? "")?.[1]);

export function forgetDrawn() {
  drawn.clear();
  document.getElementById("thread").replaceChildren();
}

/** Draws what changed; a player that plays is left alone. */
export function draw(view, { hello }) {
  const box = document.getElementById("thread");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const first = drawn.size === 0;
  const wanted = [];
  if (view.messages.length === 0) wanted.push({ key: "hello", make: hello });
  view.messages.forEach((message, place) => {
    const before = view.messages[place - 1];
    const after = view.messages[place + 1];
    if (!before || message.at - before.at > PAUSE_MS) {
      wanted.push({ key: `day-${message.id}`, print: moment(message.at), make: () => el("div.day", {}, moment(message.at)) });
    }
    const apart = (one, other) => !one || !other || one.from !== other.from || Math.abs(one.at - other.at) > PAUSE_MS;
    wanted.push({
      key: message.id, print: printOf(message), make: () => row(message),
      update: (node) => {
        node.classList.toggle("first", apart(before, message));
        node.classList.toggle("last", apart(message, after) && !(view.typing && !after && message.from === "business"));
      },
    });
  });
  const last = view.messages.at(-1);
  const own = view.messages.findLast((message) => message.from === "person");
  if (own && own === last) {
    const words = view.seen_at && view.seen_at >= own.at ? `${say("seen")} ${clock(view.seen_at)}` : say("sent");
    wanted.push({ key: "state", print: words, make: () => el("div.under.mine", {}, words) });
  }
  if (view.typing) wanted.push({ key: "typing", make: typing });
  reconcile(box, wanted, !first);
  if (first || atEnd) box.scrollTop = box.scrollHeight;
}

function reconcile(box, wanted, arriving) {
  const keys = new Set(wanted.map((item) => item.key));
  for (const [key, { node }] of drawn) {
    if (!keys.has(key)) { node.remove(); drawn.delete(key); }
  }
  let place = null;
  for (const item of wanted) {
    let have = drawn.get(item.key);
    if (!have || have.print !== item.print) {
      const node = item.make();
      if (have) have.node.replaceWith(node);
      else if (arriving) node.classList.add("new");
      have = { node, print: item.print };
      drawn.set(item.key, have);
    }
    item.update?.(have.node);
    const next = place ? place.nextSibling : box.firstChild;
    if (have.node !== next) box.insertBefore(have.node, next);
    place = have.node;
  }
}

// Addresses are signed anew on each reading, so they are no part of what makes a message different.
const printOf = (message) => JSON.stringify([
  message.text, message.reaction, message.attachments.map((part) => [part.type, part.title, assetOf(part.url), part.duration_ms]), current(),
]);

function row(message) {
  const body = el("div.body");
  const node = el(`div.row.${message.from}`, { title: clock(message.at) }, message.from === "business" ? businessFace() : null, body);
  if (message.text) body.append(bubble(message.text));
  const linked = message.from === "person" && message.text ? sampleOf(POST.exec(message.text)?.[0]) : null;
  if (linked) body.append(reelCard(linked, linked.cdn_url));
  body.append(...attachments(message));
  if (!body.childElementCount) body.append(el("div.bubble", {}, say("unsupported")));
  if (message.reaction) {
    body.append(el("span.reaction", {}, message.reaction));
    node.classList.add("has-reaction");
  }
  return node;
}

function bubble(text) {
  const node = el("div.bubble");
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = found[0].replace(/[.,;:!?)\]]+$/, "");
    node.append(text.slice(from, found.index));
    const full = address.includes("://") ? address : `https://${address}`;
    node.append(el("a", { href: sampleOf(address)?.page_url ?? full, target: "_blank", rel: "noopener noreferrer" }, address.replace(/^https?:\/\/(www\.)?/, "")));
    from = found.index + address.length;
  }
  node.append(text.slice(from));
  return node;
}

function attachments(message) {
  const shown = [];
  const pictures = message.attachments.filter((part) => part.type === "image");
  const cards = new Set();
  for (const part of message.attachments) {
    if (part.type === "image") continue;
    const sample = ["ig_reel", "ig_post", "share", "reel", "ig_story", "story_mention"].includes(part.type) ? sampleOf(part.url) : null;
    if (sample) {
      // One share may come as two attachments; people see it once.
      if (!cards.has(sample.code)) shown.push(reelCard(sample, part.url));
      cards.add(sample.code);
    } else if (part.type === "video" || (part.video_codec && part.duration_ms)) shown.push(player(part));
    else if (part.type === "audio") shown.push(el("audio", { controls: true, src: part.url, preload: "metadata" }));
    else if (part.url) shown.push(bubble(part.title ? `${part.title}\n${part.url}` : part.url));
    else shown.push(el("div.bubble", {}, say("attachment")));
  }
  if (pictures.length === 1) shown.push(picture(pictures[0]));
  if (pictures.length > 1) shown.push(el("div.reel-strip", { tabIndex: 0, role: "group", ariaLabel: say("picture") }, ...pictures.map(picture)));
  return shown;
}

function picture(part) {
  return el("div.picture", {}, el("img", { src: part.url, alt: say("picture"), loading: "lazy", onload: stay }));
}

function player(part) {
  const video = el("video", {
    controls: true, playsInline: true, preload: "metadata", src: `${part.url}#t=0.05`, ariaLabel: say("video"), onloadedmetadata: stay,
  });
  if (part.width && part.height) video.style.aspectRatio = `${part.width} / ${part.height}`;
  return el("div.media", {}, video);
}

/** A shared post as the app shows it; it plays where it stands. */
function reelCard(sample, url) {
  const still = sample.kind === "image" || sample.kind === "carousel";
  const media = ["private", "removed"].includes(sample.what) ? null : url;
  const node = el("button.card-reel", { type: "button", ariaLabel: say("play", sample.author) },
    el("img", { src: sample.poster, alt: "" }),
    el("span.shade"),
    el("span.by", {}, face(sample.author_name), el("span", {}, sample.author)),
    el("span.said", {}, sample.caption));
  if (sample.items > 1) node.append(wrap("many", "stack"));
  if (!still) node.append(wrap("play", "play"));
  node.addEventListener("click", () => {
    if (still || !media || node.classList.contains("playing")) {
      if (!node.classList.contains("playing")) window.open(sample.page_url, "_blank", "noopener");
      return;
    }
    node.classList.add("playing");
    const video = el("video", { src: sampleUrl(url, sample), controls: true, playsInline: true, autoplay: true });
    node.querySelector(".play")?.remove();
    node.append(video);
    video.focus();
  });
  return node;
}

// A permalink is a page; the player needs the file.
const sampleUrl = (url, sample) => (assetOf(url) ? url : sample.cdn_url);

function wrap(name, sign) {
  const node = el(`span.${name}`);
  node.append(icon(sign));
  return node;
}

function typing() {
  return el("div.row.business.first.last", {}, businessFace(),
    el("div.body", {}, el("div.bubble.typing", { role: "img", ariaLabel: say("typing") }, el("i"), el("i"), el("i"))));
}

function stay() {
  const box = document.getElementById("thread");
  if (box.scrollHeight - box.scrollTop - box.clientHeight < 500) box.scrollTop = box.scrollHeight;
}

const clock = (ms) => new Date(ms).toLocaleTimeString(current(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

function moment(ms) {
  const start = (time) => new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((start(Date.now()) - start(ms)) / 86_400_000);
  const day = days === 0 ? say("today") : days === 1 ? say("yesterday") : new Date(ms).toLocaleDateString(current(), { weekday: "short", day: "numeric", month: "short" });
  return `${day}, ${clock(ms)}`;
}
