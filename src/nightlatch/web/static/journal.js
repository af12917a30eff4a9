// The journal while it is open: what happens comes in at its top, and a verification tells when it is done.
import { say } from "./app.js";
import { fragment } from "./live.js";

const entries = document.getElementById("entries");
const fresh = document.getElementById("fresh");
const SOON = 250;
let pending, busy = false, again = false, waiting = [];

function merge(day) {
  const first = entries.querySelector(".day");
  if (first && first.dataset.day === day.dataset.day) {
    first.querySelector(".rows").prepend(...day.querySelector(".rows").children);
  } else {
    entries.prepend(day);
  }
}

function show() {
  const said = [...waiting].reverse().flatMap((part) => [...part.querySelectorAll(".what")]).slice(0, 3);
  for (const part of waiting) {
    for (const row of part.querySelectorAll(".row-of")) row.classList.add("new");
    for (const day of [...part.querySelectorAll(".day")].reverse()) merge(day);
  }
  waiting = [];
  fresh.hidden = true;
  document.querySelectorAll(".empty").forEach((text) => text.remove());
  if (said.length) say(`${entries.dataset.said} ${said.map((one) => one.textContent).join("; ")}`);
}

function tell() {
  const count = waiting.reduce((sum, part) => sum + Number(part.dataset.count), 0);
  fresh.textContent = count === 1 ? fresh.dataset.one : fresh.dataset.many.replace("#", String(count));
  fresh.hidden = count === 0;
}

async function look() {
  if (busy) { again = true; return; }
  busy = true;
  const path = entries.dataset.rows;
  const part = await fragment(`${path}${path.includes("?") ? "&" : "?"}after=${entries.dataset.newest}`);
  busy = false;
  if (part && part.dataset.newest) {
    entries.dataset.newest = part.dataset.newest;
    waiting.push(part);
    if (window.scrollY < 200) show(); else tell();
    again = again || part.dataset.more === "yes";
  }
  if (again) { again = false; look(); }
}

if (entries?.dataset.rows) {
  const soon = () => { pending ??= setTimeout(() => { pending = undefined; look(); }, SOON); };
  document.addEventListener("nightlatch:entry", soon);
  document.addEventListener("nightlatch:live", (event) => { if (event.detail.live) soon(); });
  fresh.addEventListener("click", () => { show(); window.scrollTo({ top: 0 }); entries.querySelector("a")?.focus({ preventScroll: true }); });
}

async function follow() {
  const badge = document.getElementById("verified");
  if (!badge?.hasAttribute("data-busy")) return;
  const now = await fragment("/journal/verified/state");
  if (now) badge.replaceWith(now);
  if (now && !now.hasAttribute("data-busy")) { say(now.textContent.trim()); location.reload(); return; }
  setTimeout(follow, 700);
}
follow();
