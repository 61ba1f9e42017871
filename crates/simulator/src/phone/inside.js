// The column beside the phone: every call as it comes in, and Meta's clock.
import { call, el, toast } from "./dom.js";
import { current, say } from "./words.js";

const DAY_MS = 24 * 3_600_000;
const KEPT = 200;
let last = 0;
let skew = 0;
let lastWord = null;
let calls = [];

export function setUpInside(refresh) {
  for (const button of document.querySelectorAll("[data-advance]")) {
    button.addEventListener("click", async () => {
      try {
        const { now_ms } = await call("/_sim/clock", { advance_ms: Number(button.dataset.advance) });
        tell(now_ms, lastWord);
        await refresh();
      } catch (error) { toast(error.message); }
    });
  }
  setInterval(drawClock, 1000);
}

/** What the thread said of Meta's time and of the person's last message. */
export function tell(now, word) {
  skew = now - Date.now();
  lastWord = word;
  drawClock();
}

export const now = () => Date.now() + skew;

function drawClock() {
  const at = new Date(now());
  document.getElementById("now").textContent = at.toLocaleString(current(), { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const time = at.toLocaleTimeString(current(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  for (const node of document.querySelectorAll('[data-part="time"]')) node.textContent = time;
  const left = lastWord === null ? null : lastWord + DAY_MS - now();
  const words = left === null ? say("windowNone") : left <= 0 ? say("windowClosed") : say("windowOpen", span(left));
  const node = document.getElementById("window");
  if (node.textContent !== words) node.textContent = words;
}

function span(ms) {
  const minutes = Math.ceil(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : `${minutes} min`;
}

export async function readCalls() {
  const answer = await call(`/_sim/calls?after=${last}&limit=${KEPT}`);
  // Two readings may have been under way at once.
  const fresh = answer.calls.filter((one) => one.seq > last);
  last = Math.max(last, answer.last);
  // This page's own players fetch from the media host too; they are not the account's doing.
  // A bot that polls asks all the time; that is no news either.
  const others = fresh.filter((one) => one.user_agent !== navigator.userAgent && !/\/getUpdates$/i.test(one.path));
  document.getElementById("pulse").hidden = others.length === 0;
  if (others.length) {
    calls = [...others.reverse(), ...calls].slice(0, KEPT);
    drawCalls();
  }
}

export function drawCalls() {
  document.getElementById("no-calls").hidden = calls.length > 0;
  document.getElementById("calls").replaceChildren(...calls.map(line));
}

function line(one) {
  const failed = one.status >= 400 || !one.answered;
  return el("li", {},
    el("time", {}, new Date(one.at).toLocaleTimeString(current(), { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })),
    el("span.what", {}, say(`calls.${kindOf(one)}`), el("small", { title: `${one.method} ${one.host}${one.path}` }, detail(one))),
    el(failed ? "span.took.failed" : "span.took", {}, failed ? String(one.status || "✕") : took(one.took_us)));
}

const took = (us) => (us < 1000 ? "<1 ms" : us < 1_000_000 ? `${Math.round(us / 1000)} ms` : `${(us / 1_000_000).toFixed(1)} s`);

const BOT_CALLS = {
  sendmessage: "text", sendvideo: "video", sendanimation: "video", sendphoto: "image", sendmediagroup: "image", sendaudio: "audio",
  sendvoice: "audio", senddocument: "document", sendchataction: "typing", editmessagetext: "edit", editmessagecaption: "edit",
  editmessagemedia: "edit", editmessagereplymarkup: "edit", deletemessage: "deleted", answercallbackquery: "tap", getfile: "media",
  setmycommands: "setUp", deletemycommands: "setUp", setwebhook: "setUp", deletewebhook: "setUp", getme: "profile", getchat: "profile",
};

function kindOf({ host, method, path, body }) {
  if (host === "api.telegram.org") return path.startsWith("/file/") ? "media" : BOT_CALLS[path.split("/").at(-1).toLowerCase()] ?? "other";
  if (host === "www.instagram.com") return "page";
  if (host === "ai") return path.includes("chat") ? "chat" : "speech";
  if (!host.startsWith("graph.")) return host.includes("fbsbx") || host.includes("cdninstagram") || host.includes("fbcdn") ? "media" : "other";
  if (path.endsWith("message_attachments")) return "upload";
  if (path.endsWith("messenger_profile")) return "setUp";
  if (path.endsWith("/messages") && method === "POST") {
    const action = body?.sender_action?.toLowerCase?.();
    if (action) return { mark_seen: "seen", typing_on: "typing", typing_off: "typingOff" }[action] ?? "other";
    const message = parsed(body?.message);
    const type = message?.attachment?.type ?? message?.attachments?.[0]?.type ?? (Array.isArray(message?.attachments) ? "image" : null);
    return ["video", "image", "audio"].includes(type) ? type : message?.text !== undefined ? "text" : "other";
  }
  if (path.includes("conversations")) return "readBack";
  return method === "GET" ? "profile" : "other";
}

// Form bodies carry the message as JSON text.
function parsed(value) {
  if (typeof value !== "string") return value;
  try { return JSON.parse(value); } catch { return null; }
}

function detail(one) {
  const agent = (one.user_agent ?? "").split(/\s/)[0];
  const path = one.path.length > 46 ? `${one.path.slice(0, 44)}…` : one.path;
  return `${one.host}${path}${agent ? ` · ${agent}` : ""}`;
}
