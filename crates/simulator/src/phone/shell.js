// One phone: its frame, its composer, its menus. What an app does with it stands in instagram.js and telegram.js.
import { el, icon, parts } from "./dom.js";
import { say } from "./words.js";

export function makePhone(kind, { write }) {
  const root = document.getElementById(kind);
  root.append(document.getElementById("phone").content.cloneNode(true));
  const part = parts(root);
  const text = part("text");

  function grow() {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, 112)}px`;
    part("send").disabled = !text.value.trim();
  }

  async function submit(event) {
    event?.preventDefault();
    const words = text.value.trim();
    if (!words) return;
    text.value = "";
    grow();
    if (!(await write({ text: words }))) { text.value = words; grow(); }
  }

  /** Puts an address into the message, so that words can be added. */
  function paste(address) {
    text.value = `${text.value.trim()} ${address}`.trim();
    grow();
    text.focus();
  }

  function relabel() {
    const label = (name, key) => { part(name).ariaLabel = say(key); part(name).title = say(key); };
    for (const [name, key] of [["plus", "samples"], ["close", "close"], ["send", "send"], ["inside", "inside"], ["me", "switchPerson"], ["menu", "menu"]]) label(name, key);
    part("tray").ariaLabel = say("tray");
    part("thread").ariaLabel = "Gramophone";
  }

  // --- a list that opens above the composer: menu items, commands ---
  function setList(items) {
    const list = part("list");
    part("menu").hidden = items.length === 0;
    list.replaceChildren(...items.map(({ label, hint, choose, url }) => (url
      ? el("a", { role: "menuitem", href: url, target: "_blank", rel: "noopener noreferrer" }, el("span", {}, label))
      : el("button", { type: "button", role: "menuitem", onclick: () => { openList(false); choose(); } }, el("span", {}, label, hint ? el("small", {}, hint) : null)))));
    if (items.length === 0) openList(false);
  }

  function openList(open) {
    const list = part("list");
    list.hidden = !open;
    part("menu").setAttribute("aria-expanded", String(open));
    if (open) list.querySelector("button, a")?.focus();
  }

  // --- a line that comes and goes, as answers to taps do ---
  let hiding;
  function flash(words, alert) {
    const node = part("flash");
    clearTimeout(hiding);
    node.hidden = !words;
    node.classList.toggle("alert", Boolean(alert));
    node.replaceChildren(words, ...(alert ? [el("button.plain", { type: "button", onclick: () => { node.hidden = true; } }, "OK")] : []));
    if (words && !alert) hiding = setTimeout(() => { node.hidden = true; }, 4000);
  }

  part("composer").addEventListener("submit", submit);
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
  part("menu").addEventListener("click", () => openList(part("list").hidden));
  part("list").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") { openList(false); part("menu").focus(); }
    if (!step) return;
    event.preventDefault();
    const all = [...part("list").children];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });
  document.addEventListener("click", (event) => {
    if (event.target.isConnected && !root.contains(event.target)) openList(false);
  });

  return { root, part, paste, relabel, setList, flash, icon };
}
