// What every page does with a script: asks before what cannot be undone, and sends requests as forms do.

/** Asks the server as a form of this page would; the response. */
export async function send(path, values = {}, options = {}) {
  const body = new URLSearchParams(values);
  const headers = { "x-csrf": document.body.dataset.csrf ?? "", accept: "application/json", ...options.headers };
  return fetch(path, { method: "POST", body, headers, ...options.init });
}

const BREATH_MS = 1_000; // between two announcements: in a flood the last text of each second is said
let words = "", saidAt = 0, timer = 0;

/** Has a screen reader say a text. */
export function say(text) {
  words = text;
  timer ||= setTimeout(speak, Math.max(0, saidAt + BREATH_MS - Date.now()));
}

function speak() {
  timer = 0;
  saidAt = Date.now();
  const place = document.getElementById("said");
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = words; });
}

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A browser leaves a tab where it is of which a corner can be seen.
document.addEventListener("focusin", ({ target }) => {
  if (target.closest(".tabs, .chips")) target.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
});

// What is focused by keys stays in sight when the page grows above it; whoever scrolled away from it is left there.
const main = document.getElementById("main");
let near = false;

function look() {
  const at = document.activeElement;
  const box = at?.getBoundingClientRect();
  near = main.contains(at) && box.bottom > 0 && box.top < innerHeight;
}

document.addEventListener("focusin", ({ target }) => { near = main.contains(target); }); // it is scrolled to after this
document.addEventListener("scroll", look, { passive: true });
new ResizeObserver(() => {
  const at = document.activeElement;
  if (near && at.matches(":focus-visible")) at.scrollIntoView({ block: "nearest", behavior: "instant" });
}).observe(main);
