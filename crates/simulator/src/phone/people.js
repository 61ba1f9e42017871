// Who holds the phones: the same person on both, chosen in the menu of either.
import { call, el, face, icon } from "./dom.js";
import { current, say } from "./words.js";

const FIRST = [
  ["5550000000000001", "Marina Alves", "marina.alves", "pt-br"],
  ["5550000000000002", "Diego Ruiz", "diego.ruiz", "es"],
  ["5550000000000003", "Sam Carter", "samcarter", "en"],
];

/** `phones` are those whose menu shows the people; `changed` is told of another choice. */
export function makePeople(chosen, changed) {
  let igsid = chosen ?? FIRST[0][0];
  let people = [];
  const phones = [];

  async function read() {
    ({ people } = await call("/_sim/people"));
    for (const [id, name, username] of FIRST) {
      if (!people.some((one) => one.igsid === id)) people.push(await call(`/_sim/people/${id}`, { name, username }));
    }
    if (!people.some((one) => one.igsid === igsid)) people.push(await call(`/_sim/people/${encodeURIComponent(igsid)}`, {}));
  }

  const nameOf = (one) => one.name ?? one.username;

  /** The person, with the number they have on Telegram. */
  function me() {
    const one = people.find((person) => person.igsid === igsid) ?? { igsid, username: igsid };
    const known = FIRST.find(([id]) => id === igsid);
    return {
      igsid, name: nameOf(one), username: one.username.replaceAll(".", "_"),
      chat: Number(`555${igsid.replace(/\D/g, "").slice(-7).padStart(7, "0")}`),
      language: known ? known[3] : current().toLowerCase(),
    };
  }

  function draw() {
    for (const { part } of phones) {
      part("me").replaceChildren(face(me().name));
      const rows = people.slice(0, 8).map((one) => {
        const button = el("button", { type: "button", role: "menuitemradio", "aria-checked": String(one.igsid === igsid), onclick: () => become(one.igsid) },
          face(nameOf(one)), el("span", {}, nameOf(one), el("small", {}, `@${one.username}`)));
        if (one.igsid === igsid) button.append(icon("check"));
        return button;
      });
      const other = el("button", { type: "button", role: "menuitem", onclick: stranger }, el("span.face", {}, "+"), el("span", {}, say("newPerson")));
      part("people").replaceChildren(el("h3", {}, say("people")), ...rows, other);
    }
  }

  function toggle({ part }, open) {
    part("people").hidden = !open;
    part("me").setAttribute("aria-expanded", String(open));
    if (open) { draw(); part("people").querySelector("button").focus(); }
  }

  async function become(next) {
    igsid = next;
    for (const phone of phones) toggle(phone, false);
    draw();
    await changed(igsid);
  }

  async function stranger() {
    const id = `555${String(Date.now()).padStart(13, "0")}`;
    people.push(await call(`/_sim/people/${id}`, {}));
    await become(id);
  }

  function addTo(phone) {
    phones.push(phone);
    phone.part("me").addEventListener("click", () => toggle(phone, phone.part("people").hidden));
    phone.part("people").addEventListener("keydown", (event) => {
      if (event.key === "Escape") { toggle(phone, false); phone.part("me").focus(); }
    });
    document.addEventListener("click", (event) => {
      if (event.target.isConnected && !phone.root.querySelector(".head").contains(event.target)) toggle(phone, false);
    });
  }

  return { addTo, draw, me, read };
}
