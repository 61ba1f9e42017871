// Small helpers to build the page without ever turning text into markup.

/** Makes an element: `el("p.quiet", { title }, "text", child)`. */
export function el(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && name !== "role" && name !== "list") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

// Dark enough for white letters (at least 4.5 to 1).
const TONES = ["#8a5a00", "#1f7a4d", "#b4233c", "#3f5b99", "#7a4a8c", "#4d6470"];

/** A round with somebody's initials. */
export function face(name) {
  const parts = name.replace(/[@._]/g, " ").trim().split(/\s+/);
  const letters = (parts[0]?.[0] ?? "?") + (parts.length > 1 ? parts.at(-1)[0] : "");
  const node = el("span.face", { ariaHidden: "true" }, letters.toUpperCase());
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  node.style.background = TONES[sum % TONES.length];
  return node;
}

export function businessFace() {
  const node = el("span.face.sign", { ariaHidden: "true" });
  node.append(icon("sign"));
  return node;
}

/** Radio buttons made of buttons: arrow keys move the choice. */
export function radios(group, options, chosen, choose) {
  group.replaceChildren(
    ...options.map(([value, label]) =>
      el("button", {
        type: "button", role: "radio", "aria-checked": String(value === chosen), tabIndex: value === chosen ? 0 : -1,
        onclick: () => choose(value),
      }, label)),
  );
  group.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = options.findIndex(([value]) => value === group.dataset.chosen);
    choose(options[(at + step + options.length) % options.length][0]);
    group.querySelector('[aria-checked="true"]').focus();
  };
  group.dataset.chosen = chosen;
}

/** Finds the parts of a phone by their names. */
export const parts = (root) => (name) => root.querySelector(`[data-part="${name}"]`);

let hiding;
export function toast(text) {
  const node = document.getElementById("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { node.hidden = true; }, 6000);
}

/** Calls the simulator; an error carries the sentence it answered. */
export async function call(path, body) {
  const answer = await fetch(path, body === undefined ? {} : {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  const text = await answer.text();
  let data = null;
  try { data = JSON.parse(text); } catch { /* not JSON: the status says enough */ }
  if (!answer.ok) throw new Error(data?.error ?? `HTTP ${answer.status}`);
  return data;
}
