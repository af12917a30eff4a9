// Keeps open pages as the home is. One stream for all tabs of a browser, as a browser has six connections for a
// server: of the tabs that can be seen one holds a lock and the stream, and hands on what it hears to the others.
// A tab that cannot be seen holds nothing, and looks anew when it is seen again.

import { say } from "./app.js";

const NAME = "nightlatch-live";
const EACH_MS = 500; // between two looks for the same element
const OLD_MS = 300_000; // some things change by the clock alone: reports grow old, leave begins and ends
const SILENT_MS = 40_000; // beats come every 15 s
const PATIENCE_MS = 3_000; // before a lost stream is told of
const FIRST_MS = 1_000, LAST_MS = 30_000; // between two attempts

const channel = new BroadcastChannel(NAME);
const note = document.getElementById("live");
const looks = new Map();
let position = Number(document.body.dataset.liveAt ?? -1);
let source = null, stopping = null, leading = false, over = false;
let heard = Date.now(), lostAt = 0, wait = FIRST_MS, timer = 0;

// The stream

/** Begins to listen: as the one that holds the stream once nobody else does, and through that one until then. */
function start() {
  if (over || stopping || document.hidden) return;
  heard = Date.now();
  const stop = new AbortController();
  stopping = stop;
  if (!navigator.locks) {
    connect();
    return;
  }
  channel.postMessage({ kind: "ask" });
  const lead = () => new Promise((release) => {
    if (stop.signal.aborted) { release(); return; }
    leading = true;
    stop.signal.addEventListener("abort", release);
    connect();
  });
  navigator.locks.request(NAME, { signal: stop.signal }, lead).catch((error) => {
    if (error.name !== "AbortError") throw error; // it stopped while another tab held the lock
  });
}

function stop() {
  stopping?.abort();
  stopping = null;
  leading = false;
  disconnect();
}

function disconnect() {
  source?.close();
  source = null;
  clearTimeout(timer);
}

function connect() {
  disconnect();
  source = new EventSource(`/live?after=${position}`);
  source.addEventListener("open", (event) => { if (event.data !== undefined) share({ kind: "open" }); });
  source.addEventListener("beat", () => share({ kind: "beat" }));
  source.addEventListener("over", () => share({ kind: "over" }));
  source.addEventListener("reset", (event) => share({ kind: "reset", position: Number(event.lastEventId) }));
  source.addEventListener("message", (event) => {
    share({ kind: "told", told: JSON.parse(event.data), position: Number(event.lastEventId) });
  });
  source.addEventListener("error", again);
}

/** Another attempt after a while; each time a longer one, and not every browser's at the same time. */
function again() {
  disconnect();
  share({ kind: "lost" });
  timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
  wait = Math.min(LAST_MS, 2 * wait);
}

/** Takes what the stream told, and hands it on to the other tabs. */
function share(message) {
  take(message);
  channel.postMessage(message);
}

channel.addEventListener("message", ({ data }) => {
  if (data.kind === "ask") {
    if (leading && !lostAt) channel.postMessage({ kind: "here", position });
  } else if (stopping && !leading) {
    take(data);
  }
});

function take(message) {
  if (message.kind === "lost") {
    lostAt ||= Date.now();
    setTimeout(show, PATIENCE_MS);
    return;
  }
  if (message.kind === "over") {
    over = true;
    stop();
    show();
    return;
  }
  heard = Date.now();
  if (lostAt) {
    lostAt = 0;
    wait = FIRST_MS;
    show();
    all(); // signals that were missed meanwhile are not told again
  }
  if (message.kind === "here") {
    if (message.position > position) all();
    position = Math.max(position, message.position);
  } else if (message.kind === "reset") {
    position = message.position;
    all();
  } else if (message.kind === "told") {
    position = message.position;
    wait = FIRST_MS;
    tell(message.told);
  }
}

/** Says since when the page is not live, or that it is again by saying nothing. */
function show() {
  const lost = lostAt && Date.now() - lostAt >= PATIENCE_MS;
  document.documentElement.toggleAttribute("data-not-live", Boolean(lost) || over);
  document.dispatchEvent(new CustomEvent("nightlatch:live", { detail: { live: !lost && !over } }));
  if (!note) return;
  const zone = document.body.dataset.zone;
  const time = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: zone });
  const text = over ? note.dataset.over : lost ? note.dataset.lost.replace("{time}", time.format(lostAt)) : "";
  if (note.textContent !== text) note.textContent = text;
  note.hidden = !text;
}

setInterval(() => {
  if (!stopping || over || Date.now() - heard < SILENT_MS) return;
  heard = Date.now();
  if (source) again();
  else take({ kind: "lost" });
}, 5_000);

setInterval(() => { if (stopping && !over) all(); }, OLD_MS);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) stop();
  else { start(); all(); }
});
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => {
  if (event.persisted) { start(); all(); }
});

// What it is about

function tell({ entries, signals }) {
  for (const one of entries) document.dispatchEvent(new CustomEvent("nightlatch:entry", { detail: one }));
  for (const one of signals) document.dispatchEvent(new CustomEvent("nightlatch:signal", { detail: one }));
  const kinds = new Set(), about = new Set();
  for (const one of [...entries, ...signals]) {
    kinds.add(one.kind);
    about.add(one.about);
    if (one.door) about.add(one.door);
  }
  for (const element of document.querySelectorAll("[data-live]")) {
    if (words(element.dataset.about).some((one) => about.has(one))
      || words(element.dataset.kinds).some((one) => one === "*" || kinds.has(one))) refresh(element);
  }
}

function words(text) {
  return text ? text.split(/\s+/) : [];
}

function all() {
  for (const element of document.querySelectorAll("[data-live]")) refresh(element);
}

/** Has an element shown as it is now: at once, and then again as often as makes sense. */
export function refresh(element) {
  const from = element.dataset.from;
  if (!from) return;
  const look = looks.get(from) ?? { last: 0, timer: 0, busy: false, again: false };
  looks.set(from, look);
  if (look.busy) { look.again = true; return; }
  if (look.timer) return;
  look.timer = setTimeout(() => renew(from, look), Math.max(0, look.last + EACH_MS - Date.now()));
}

async function renew(from, look) {
  look.timer = 0;
  look.last = Date.now();
  look.busy = true;
  const found = await fragment(from);
  look.busy = false;
  const present = () => document.querySelectorAll(`[data-live][data-from="${CSS.escape(from)}"]`);
  if (found) for (const old of present()) put(old, found);
  if (look.again) {
    look.again = false;
    for (const one of present()) refresh(one);
  }
}

/** The element that a path gives; null where it gives none. As a document: text becomes markup in no script. */
export function fragment(path) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("GET", path);
    request.responseType = "document";
    request.timeout = 10_000;
    request.setRequestHeader("x-fragment", "1");
    request.onloadend = () => {
      const asked = new URL(path, location.href).pathname;
      const answered = request.responseURL && new URL(request.responseURL).pathname === asked;
      const right = request.status === 200 && answered && request.response;
      resolve(right ? request.response.querySelector(`[data-from="${CSS.escape(path)}"]`)
        ?? request.response.body.firstElementChild : null);
    };
    request.send();
  });
}

/** Puts an element in an older one's place, with what the reader opened, focused and scrolled to. */
function put(old, found) {
  const element = document.importNode(found, true);
  if (old.isEqualNode(element)) return;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  if (focused?.matches("input:not([type=submit], [type=button], [type=checkbox], [type=radio]), textarea, select")) {
    // Nothing is taken from under the hand that types.
    focused.addEventListener("blur", () => setTimeout(() => old.isConnected && refresh(old)), { once: true });
    return;
  }
  const open = new Set([...old.querySelectorAll("details[open]")].map(called));
  for (const one of element.querySelectorAll("details")) if (open.has(called(one))) one.open = true;
  const before = [...old.querySelectorAll("*")];
  const scrolled = before.flatMap((one, place) =>
    one.scrollLeft || one.scrollTop ? [[place, one.scrollLeft, one.scrollTop]] : []);
  const name = focused && focused !== old ? called(focused) : "";
  old.replaceWith(element);
  const after = [...element.querySelectorAll("*")];
  for (const [place, left, top] of scrolled) after[place]?.scrollTo({ left, top, behavior: "instant" });
  if (focused) {
    const same = focused === old ? element : after.find((one) => one.tagName === focused.tagName && called(one) === name);
    if (!same) element.tabIndex = -1; // what was focused is gone: on from where it was, not from the page's beginning
    (same ?? element).focus({ preventScroll: true });
    // What was put in above it may have moved it out of sight, or below the bar of areas.
    if (same?.matches(":focus-visible")) same.scrollIntoView({ block: "nearest", behavior: "instant" });
  }
  const said = element.dataset.said;
  if (said && said !== old.dataset.said) say(said);
  element.dispatchEvent(new CustomEvent("nightlatch:renewed", { bubbles: true }));
}

/** By what an element is known again. */
function called(element) {
  if (element.id) return element.id;
  if (element.tagName === "DETAILS") return element.querySelector("summary")?.textContent.trim() ?? "";
  return [element.getAttribute("href"), element.getAttribute("name"), element.getAttribute("formaction"),
    element.form?.action, element.getAttribute("aria-label") ?? element.textContent.trim()].join("\n");
}

start();
