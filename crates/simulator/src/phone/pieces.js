// What bubbles are made of on both phones: words with links, players, pictures, shared reels.
import { el, face, icon } from "./dom.js";
import { assetOf, sampleOf } from "./samples.js";
import { stay } from "./thread.js";
import { say } from "./words.js";

const ADDRESS = /https?:\/\/[^\s]+|(?:www\.)?instagram\.com\/[^\s]+/gi;

export function link(address, words) {
  const full = address.includes("://") ? address : `https://${address}`;
  return el("a", { href: sampleOf(address)?.page_url ?? full, target: "_blank", rel: "noopener noreferrer" }, words);
}

/** Addresses in a text as links. */
export function withLinks(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = found[0].replace(/[.,;:!?)\]]+$/, "");
    parts.push(text.slice(from, found.index), link(address, address.replace(/^https?:\/\/(www\.)?/, "")));
    from = found.index + address.length;
  }
  parts.push(text.slice(from));
  return parts;
}

export const bubble = (text) => el("div.bubble", {}, ...withLinks(text));

export function picture(url) {
  return el("div.picture", {}, el("img", { src: url, alt: say("picture"), loading: "lazy", onload: stay }));
}

export function player(url, size = {}) {
  const video = el("video", {
    controls: true, playsInline: true, preload: "metadata", src: `${url}#t=0.05`, ariaLabel: say("video"), onloadedmetadata: stay,
  });
  if (size.poster) video.poster = size.poster;
  if (size.width && size.height) video.style.aspectRatio = `${size.width} / ${size.height}`;
  return el(size.square ? "div.media.square" : "div.media", {}, video);
}

export function sound(url) {
  return el("audio", { controls: true, src: url, preload: "metadata", ariaLabel: say("audio") });
}

/** A shared post as the app shows it; it plays where it stands. */
export function reelCard(sample, url) {
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
    if (node.classList.contains("playing")) return;
    if (still || !media) {
      window.open(sample.page_url, "_blank", "noopener");
      return;
    }
    node.classList.add("playing");
    // A permalink is a page; the player needs the file.
    const video = el("video", { src: assetOf(url) ? url : sample.cdn_url, controls: true, playsInline: true, autoplay: true });
    node.querySelector(".play")?.remove();
    node.append(video);
    video.focus();
  });
  return node;
}

function wrap(name, sign) {
  const node = el(`span.${name}`);
  node.append(icon(sign));
  return node;
}

/** The three posts to begin with. */
export function starters(list, choose) {
  const three = ["COceanTides", "CPaoCaseiro", "DMorningRun"].map((code) => list.find((one) => one.code === code)).filter(Boolean);
  return el("div.starters", {}, ...three.map((sample) =>
    el("button", { type: "button", ariaLabel: sample.title, onclick: () => choose(sample) }, el("img", { src: sample.poster, alt: "" }))));
}
