// The tray of sample reels in one phone: how to send them, and a form to make one.
import { call, el, icon, radios, toast } from "./dom.js";
import { knowSamples, samples } from "./samples.js";
import { say } from "./words.js";

/** `modes` are [value, label, help]; `send` gets a sample and the chosen mode. */
export function makeTray({ part }, { modes, send }) {
  let mode = modes[0][0];
  const tray = part("tray");

  function open() {
    tray.hidden = false;
    part("plus").setAttribute("aria-expanded", "true");
    draw();
    part("tiles").querySelector(".tile")?.focus({ preventScroll: true });
  }

  function close() {
    if (tray.hidden) return;
    tray.hidden = true;
    part("plus").setAttribute("aria-expanded", "false");
    part("plus").focus();
  }

  function draw() {
    if (tray.hidden) return;
    radios(part("modes"), modes.map(([value, label]) => [value, say(label)]), mode, (next) => { mode = next; draw(); });
    part("mode-help").textContent = say(modes.find(([value]) => value === mode)[2]);
    const make = el("button.tile.make", { type: "button", onclick: drawMaker });
    make.append(el("span", {}, icon("voice"), say("make")));
    part("tiles").replaceChildren(...samples().slice(0, 2).map(tile), make, ...samples().slice(2).map(tile));
  }

  function tile(sample) {
    return el("button.tile", { type: "button", title: sample.caption, onclick: () => { close(); send(sample, mode); } },
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
          knowSamples([...samples(), sample]);
          close();
          send(sample, mode);
        } catch (error) {
          go.disabled = false;
          go.textContent = say("makeSend");
          toast(say("failed", error.message));
        }
      },
    },
    el("label", {}, say("makeLabel"), el("span.field", {}, text)),
    el("div.acts", {}, el("button.plain", { type: "button", onclick: draw }, say("back")), go));
    part("tiles").replaceChildren(form);
    text.focus();
  }

  part("plus").addEventListener("click", () => (tray.hidden ? open() : close()));
  part("close").addEventListener("click", close);
  tray.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  document.addEventListener("click", (event) => {
    // What was pressed may have been redrawn by its own handler.
    const kept = [tray, part("plus"), part("composer"), part("thread")];
    if (event.target.isConnected && !kept.some((node) => node.contains(event.target)) && !tray.hidden) close();
  });
  return { open, close, draw };
}
