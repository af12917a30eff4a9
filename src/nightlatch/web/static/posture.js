// Posture: what is folded is fetched when it is opened; what is under way is looked at again until it has ended.

import { fragment, refresh } from "./live.js";

/** Fills what was opened with what its path gives. Without an answer the link in it stays. */
async function fill(details) {
  const path = details.dataset.fill;
  if (!details.open || !path || details.dataset.filled) return;
  details.dataset.filled = "1";
  const found = await fragment(path);
  const inside = details.querySelector(":scope > .inside");
  if (found) inside.replaceWith(document.importNode(found, true));
  else delete details.dataset.filled;
}

// A toggle does not bubble.
document.addEventListener("toggle", (event) => {
  if (event.target instanceof HTMLDetailsElement) fill(event.target);
}, true);

function poll() {
  for (const element of document.querySelectorAll("[data-poll]")) refresh(element);
}

setInterval(() => { if (!document.hidden) poll(); }, 2_000);

// Before the very first audit there is nothing to renew in place.
const waiting = document.querySelector("[data-poll-page]");
if (waiting) setTimeout(() => location.reload(), Number(waiting.dataset.pollPage));
