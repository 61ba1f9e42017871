// A conversation: what changed is drawn, what plays is left alone, the end stays in sight.
import { el } from "./dom.js";
import { current, say } from "./words.js";

const PAUSE_MS = 15 * 60_000;

export const clock = (ms) => new Date(ms).toLocaleTimeString(current(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

function moment(ms) {
  const start = (time) => new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((start(Date.now()) - start(ms)) / 86_400_000);
  const day = days === 0 ? say("today") : days === 1 ? say("yesterday") : new Date(ms).toLocaleDateString(current(), { weekday: "short", day: "numeric", month: "short" });
  return `${day}, ${clock(ms)}`;
}

/** `row` makes a message's node, `print` says when it must be made anew, `touch` changes it where it stands. */
export function makeThread(box, { row, print, touch }) {
  const drawn = new Map();

  function forget() {
    drawn.clear();
    box.replaceChildren();
  }

  function draw(messages, { hello, after, open }) {
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
    const first = drawn.size === 0;
    const wanted = [];
    if (messages.length === 0) wanted.push({ key: "hello", print: current(), make: hello });
    messages.forEach((message, place) => {
      const [before, next] = [messages[place - 1], messages[place + 1]];
      if (!before || message.at - before.at > PAUSE_MS) {
        wanted.push({ key: `day-${message.id}`, print: moment(message.at), make: () => el("div.day", {}, moment(message.at)) });
      }
      const apart = (one, other) => !one || !other || one.from !== other.from || Math.abs(one.at - other.at) > PAUSE_MS;
      wanted.push({
        key: `m-${message.id}`, print: print(message), make: () => row(message),
        update: (node) => {
          node.classList.toggle("first", apart(before, message));
          node.classList.toggle("last", apart(message, next) && !(open && !next && message.from !== "person"));
          touch?.(node, message);
        },
      });
    });
    wanted.push(...after);
    reconcile(wanted, !first);
    if (first || atEnd) box.scrollTop = box.scrollHeight;
  }

  function reconcile(wanted, arriving) {
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

  const toEnd = () => { box.scrollTop = box.scrollHeight; };
  return { draw, forget, toEnd };
}

/** A player or picture that learns its size may not push the end out of sight. */
export function stay(event) {
  const box = event.target.closest(".thread");
  if (box && box.scrollHeight - box.scrollTop - box.clientHeight < 500) box.scrollTop = box.scrollHeight;
}
