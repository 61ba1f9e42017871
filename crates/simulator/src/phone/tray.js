// The tray of sample reels: how to send them, and a form to make one.
import { call, el, icon, radios, toast } from "./dom.js";
import { say } from "./words.js";

let mode = "share";
let reels = [];
let send = () => {};

const tray = () => document.getElementById("tray");
const opener = () => document.getElementById("open-tray");

export function setUpTray(list, sender) {
  reels = list;
  send = sender;
  opener().addEventListener("click", () => (tray().hidden ? openTray() : closeTray()));
  document.getElementById("close-tray").addEventListener("click", closeTray);
  tray().addEventListener("keydown", (event) => { if (event.key === "Escape") closeTray(); });
}

export function openTray() {
  tray().hidden = false;
  opener().setAttribute("aria-expanded", "true");
  drawTray();
  document.querySelector("#tiles .tile")?.focus({ preventScroll: true });
}

export function closeTray() {
  if (tray().hidden) return;
  tray().hidden = true;
  opener().setAttribute("aria-expanded", "false");
  opener().focus();
}

export function drawTray() {
  if (tray().hidden) return;
  const modes = [["share", say("modeShare")], ["permalink", say("modePermalink")], ["link", say("modeLink")]];
  radios(document.getElementById("modes"), modes, mode, (next) => { mode = next; drawTray(); });
  document.getElementById("mode-help").textContent = say({ share: "helpShare", permalink: "helpPermalink", link: "helpLink" }[mode]);
  const make = el("button.tile.make", { type: "button", onclick: drawMaker });
  make.append(el("span", {}, icon("voice"), say("make")));
  document.getElementById("tiles").replaceChildren(...reels.slice(0, 2).map(tile), make, ...reels.slice(2).map(tile));
}

function tile(sample) {
  return el("button.tile", { type: "button", title: sample.caption, onclick: () => { closeTray(); send(sample, mode); } },
    el("img", { src: sample.poster, alt: "", loading: "lazy" }),
    el("em", {}, say(`what.${sample.what}`)),
    el("b", {}, sample.title));
}

function drawMaker() {
  const text = el("textarea", { rows: 3, maxLength: 600, required: true, lang: "en" });
  const go = el("button.primary", { type: "submit" }, say("makeSend"));
  const form = el("form.maker", {
    onsubmit: async (event) => {
      event.preventDefault();
      if (!text.value.trim()) return;
      go.disabled = true;
      go.textContent = say("making");
      try {
        const sample = await call("/_sim/reels", { text: text.value, caption: "" });
        reels = [...reels, sample];
        closeTray();
        send(sample, mode, reels);
      } catch (error) {
        go.disabled = false;
        go.textContent = say("makeSend");
        toast(say("failed", error.message));
      }
    },
  },
  el("label", {}, say("makeLabel"), el("span.field", {}, text)),
  el("div.acts", {}, el("button.plain", { type: "button", onclick: drawTray }, say("back")), go));
  document.getElementById("tiles").replaceChildren(form);
  text.focus();
}
