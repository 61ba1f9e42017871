// The phone page: ties the parts together and follows the simulator.
import { call, icon, radios, toast } from "./dom.js";
import { drawCalls, readCalls, setUpInside } from "./inside.js";
import { makeInstagram } from "./instagram.js";
import { makePeople } from "./people.js";
import { knowSamples } from "./samples.js";
import { makeTelegram } from "./telegram.js";
import { LANGUAGES, current, say, speak } from "./words.js";

const asked = new URLSearchParams(location.search);
const get = (id) => document.getElementById(id);
const wide = matchMedia("(min-width: 1340px)");

function remembered(name) {
  try { return localStorage.getItem(`phone.${name}`); } catch { return null; }
}

function remember(name, value) {
  try { localStorage.setItem(`phone.${name}`, value); } catch { /* a private window forgets */ }
}

const people = makePeople(asked.get("person") ?? remembered("person"), async (igsid) => {
  remember("person", igsid);
  for (const app of apps) app.forget();
  await refreshAll();
});
const instagram = makeInstagram(people.me);
const telegram = makeTelegram(people.me);
const apps = [instagram, telegram];

// --- language and theme ---
function setLanguage(next) {
  speak(next);
  remember("language", current());
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
  for (const node of document.querySelectorAll("[data-hint]")) node.placeholder = say(node.dataset.hint);
  for (const [id, key] of [["close-inside", "close"], ["theme", "theme"]]) { get(id).ariaLabel = say(key); get(id).title = say(key); }
  get("langs").ariaLabel = say("language");
  radios(get("langs"), Object.entries(LANGUAGES), current(), setLanguage);
  drawCalls();
  for (const app of apps) { app.relabel(); app.forget(); app.show(); }
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  get("theme").replaceChildren(icon(theme === "dark" ? "sun" : "moon"));
}

// --- following the simulator ---
const busy = new Map();

/** Reads an app's conversation anew; calls that come meanwhile become one more reading. */
async function refresh(app) {
  if (busy.has(app)) { busy.set(app, true); return; }
  busy.set(app, false);
  try {
    await app.read();
    offline(false);
  } catch { offline(true); } finally {
    const again = busy.get(app);
    busy.delete(app);
    if (again) refresh(app);
  }
}

const refreshAll = () => Promise.all(apps.map(refresh));

let isOffline = false;
function offline(now) {
  if (now && !isOffline) toast(say("offline"));
  isOffline = now;
}

function follow() {
  const stream = new EventSource("/_sim/stream");
  stream.addEventListener("missed", refreshAll);
  stream.addEventListener("change", (event) => {
    const { channel, person, what } = JSON.parse(event.data);
    const me = people.me();
    if (channel === "instagram" && what === "profile") instagram.readProfile().catch(() => {});
    else if (channel === "instagram" && person === me.igsid) refresh(instagram);
    else if (channel === "telegram" && person === String(me.chat)) refresh(telegram);
  });
}

// --- the column beside the phones, which narrow screens lay over them ---
const insideShows = () => wide.matches || get("inside").classList.contains("open");

function toggleInside(open) {
  get("inside").classList.toggle("open", open);
  (open ? get("close-inside") : instagram.phone.part("inside")).focus();
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
  for (const { phone } of apps) {
    people.addTo(phone);
    phone.part("inside").addEventListener("click", () => toggleInside(true));
  }
  get("close-inside").addEventListener("click", () => toggleInside(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && get("inside").classList.contains("open")) toggleInside(false);
  });
  setUpInside(refreshAll);
  const [reels] = await Promise.all([call("/_sim/reels"), people.read()]);
  knowSamples(reels);
  people.draw();
  for (const app of apps) app.forget();
  await instagram.readProfile().catch(() => {});
  await refreshAll();
  follow();
  if (asked.get("open") === "tray") instagram.tray.open();
  if (asked.get("open") === "telegram-tray") telegram.tray.open();
  if (asked.get("open") === "inside") toggleInside(true);
  await readCalls().catch(() => {});
  setInterval(() => { if (!document.hidden) refreshAll(); }, 3000);
  // The bot may have set its commands since.
  setInterval(() => { if (!document.hidden) telegram.readCommands().catch(() => {}); }, 15_000);
  setInterval(() => { if (!document.hidden && insideShows()) readCalls().catch(() => {}); }, 1200);
}

start().catch((error) => toast(`${say("offline")} (${error.message})`));
