// The phone page: ties the parts together and follows the simulator.
import { call, el, face, businessFace, icon, radios, toast } from "./dom.js";
import { drawCalls, readCalls, setUpInside, tell } from "./inside.js";
import { draw, forgetDrawn, knowSamples } from "./thread.js";
import { closeTray, drawTray, openTray, setUpTray } from "./tray.js";
import { LANGUAGES, current, say, speak } from "./words.js";

const FIRST_PEOPLE = [
  ["5550000000000001", "Marina Alves", "marina.alves"],
  ["5550000000000002", "Diego Ruiz", "diego.ruiz"],
  ["5550000000000003", "Sam Carter", "samcarter"],
];
const asked = new URLSearchParams(location.search);
const get = (id) => document.getElementById(id);

let person = asked.get("person") ?? remembered("person") ?? FIRST_PEOPLE[0][0];
let people = [];
let reels = [];
let view = { messages: [], typing: false, seen_at: null, now_ms: Date.now() };
let stream;

function remembered(name) {
  try { return localStorage.getItem(`phone.${name}`); } catch { return null; }
}

function remember(name, value) {
  try { localStorage.setItem(`phone.${name}`, value); } catch { /* a private window forgets */ }
}

// --- language and theme ---
function setLanguage(next) {
  speak(next);
  remember("language", current());
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
  for (const node of document.querySelectorAll("[data-hint]")) node.placeholder = say(node.dataset.hint);
  const label = (id, key) => { get(id).ariaLabel = say(key); get(id).title = say(key); };
  for (const [id, key] of [["open-tray", "samples"], ["close-tray", "close"], ["send-button", "send"], ["open-inside", "inside"],
    ["close-inside", "close"], ["theme", "theme"], ["open-people", "switchPerson"]]) label(id, key);
  get("langs").ariaLabel = say("language");
  get("thread").ariaLabel = "Gramophone";
  radios(get("langs"), Object.entries(LANGUAGES), current(), setLanguage);
  drawTray();
  drawCalls();
  forgetDrawn();
  show();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  get("theme").replaceChildren(icon(theme === "dark" ? "sun" : "moon"));
}

// --- people ---
async function readPeople() {
  ({ people } = await call("/_sim/people"));
  for (const [igsid, name, username] of FIRST_PEOPLE) {
    if (!people.some((one) => one.igsid === igsid)) people.push(await call(`/_sim/people/${igsid}`, { name, username }));
  }
  if (!people.some((one) => one.igsid === person)) people.push(await call(`/_sim/people/${encodeURIComponent(person)}`, {}));
}

const me = () => people.find((one) => one.igsid === person) ?? { username: person };
const nameOf = (one) => one.name ?? one.username;

function drawPeople() {
  get("open-people").replaceChildren(face(nameOf(me())));
  get("people").replaceChildren(
    el("h3", {}, say("people")),
    ...people.slice(0, 8).map((one) => {
      const button = el("button", { type: "button", role: "menuitemradio", "aria-checked": String(one.igsid === person), onclick: () => become(one.igsid) },
        face(nameOf(one)), el("span", {}, nameOf(one), el("small", {}, `@${one.username}`)));
      if (one.igsid === person) button.append(icon("check"));
      return button;
    }),
    (() => {
      const button = el("button", { type: "button", role: "menuitem", onclick: stranger }, el("span.face", {}, "+"), el("span", {}, say("newPerson")));
      return button;
    })(),
  );
}

function togglePeople(open) {
  get("people").hidden = !open;
  get("open-people").setAttribute("aria-expanded", String(open));
  if (open) { drawPeople(); get("people").querySelector("button").focus(); }
}

async function become(igsid) {
  person = igsid;
  remember("person", igsid);
  togglePeople(false);
  drawPeople();
  forgetDrawn();
  follow();
  await refresh();
}

async function stranger() {
  const igsid = `555${String(Date.now()).padStart(13, "0")}`;
  const made = await call(`/_sim/people/${igsid}`, {});
  people.push(made);
  await become(igsid);
}

// --- the conversation ---
function hello() {
  const node = el("div.hello", {}, businessFace(), el("h2", {}, say("helloTitle")), el("p", {}, say("hello")));
  const three = ["COceanTides", "CPaoCaseiro", "DMorningRun"].map((code) => reels.find((one) => one.code === code)).filter(Boolean);
  node.append(el("div.starters", {}, ...three.map((sample) =>
    el("button", { type: "button", ariaLabel: sample.title, onclick: () => sendSample(sample, "share") }, el("img", { src: sample.poster, alt: "" })))));
  node.append(el("button.primary", { type: "button", onclick: openTray }, say("choose")));
  return node;
}

function show() {
  get("presence").textContent = view.typing ? say("typing") : say("presence");
  draw(view, { hello });
}

let reading = false;
let again = false;
async function refresh() {
  if (reading) { again = true; return; }
  reading = true;
  const asking = person;
  try {
    const next = await call(`/_sim/people/${encodeURIComponent(asking)}/messages`);
    if (asking === person) {
      view = next;
      tell(view.now_ms ?? Date.now(), view.messages.findLast((message) => message.from === "person")?.at ?? null);
      show();
    }
    offline(false);
  } catch { offline(true); } finally {
    reading = false;
    if (again) { again = false; refresh(); }
  }
}

let isOffline = false;
function offline(now) {
  if (now && !isOffline) toast(say("offline"));
  isOffline = now;
}

async function write(body) {
  try {
    await call(`/_sim/people/${encodeURIComponent(person)}/messages`, body);
    await refresh();
    get("thread").scrollTop = get("thread").scrollHeight;
    return true;
  } catch (error) {
    toast(say("failed", error.message));
    return false;
  }
}

async function sendSample(sample, mode, list) {
  if (list) { reels = list; knowSamples(reels); }
  if (mode === "link") {
    const text = get("text");
    text.value = `${text.value.trim()} ${sample.url}`.trim();
    grow();
    text.focus();
    return;
  }
  await write({ share: { code: sample.code, url: mode === "permalink" ? "permalink" : "cdn" } });
}

function grow() {
  const text = get("text");
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 112)}px`;
  get("send-button").disabled = !text.value.trim();
}

async function submit(event) {
  event?.preventDefault();
  const text = get("text");
  const words = text.value.trim();
  if (!words) return;
  text.value = "";
  grow();
  if (!(await write({ text: words }))) { text.value = words; grow(); }
}

// --- following the simulator ---
function follow() {
  stream?.close();
  stream = new EventSource(`/_sim/stream?person=${encodeURIComponent(person)}`);
  for (const name of ["change", "missed"]) stream.addEventListener(name, refresh);
}

const insideShows = () => matchMedia("(min-width: 900px)").matches || get("inside").classList.contains("open");

function toggleInside(open) {
  get("inside").classList.toggle("open", open);
  get(open ? "close-inside" : "open-inside").focus();
  if (open) readCalls().catch(() => {});
}

async function start() {
  setTheme(asked.get("theme") ?? remembered("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  const spoken = asked.get("lang") ?? remembered("language") ?? navigator.language;
  setLanguage(Object.keys(LANGUAGES).find((known) => known.slice(0, 2) === spoken.slice(0, 2)) ?? "pt-BR");
  get("theme").addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    setTheme(next);
    remember("theme", next);
  });
  get("composer").addEventListener("submit", submit);
  get("text").addEventListener("input", grow);
  get("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
  get("open-people").addEventListener("click", () => togglePeople(get("people").hidden));
  get("open-inside").addEventListener("click", () => toggleInside(true));
  get("close-inside").addEventListener("click", () => toggleInside(false));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!get("people").hidden) { togglePeople(false); get("open-people").focus(); }
    if (get("inside").classList.contains("open")) toggleInside(false);
  });
  document.addEventListener("click", (event) => {
    // What was pressed may have been redrawn by its own handler.
    if (!event.target.isConnected) return;
    if (!get("people").hidden && !event.target.closest(".head")) togglePeople(false);
    if (!get("tray").hidden && !event.target.closest("#tray, #open-tray, #composer, .hello")) closeTray();
  });
  setUpInside(refresh);
  [reels] = await Promise.all([call("/_sim/reels"), readPeople()]);
  knowSamples(reels);
  setUpTray(reels, sendSample);
  drawPeople();
  forgetDrawn();
  await refresh();
  follow();
  if (asked.get("open") === "tray") openTray();
  if (asked.get("open") === "inside") toggleInside(true);
  await readCalls().catch(() => {});
  setInterval(() => { if (!document.hidden) refresh(); }, 3000);
  setInterval(() => { if (!document.hidden && insideShows()) readCalls().catch(() => {}); }, 1200);
}

start().catch((error) => toast(`${say("offline")} (${error.message})`));
