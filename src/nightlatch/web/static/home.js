// Locks and unlocks in place. Nothing is shown as done before the lock's own report says so: the page says that it
// asked, and the door's element is fetched anew with every step. Without this script the forms do the same.

import { say } from "./app.js";
import { refresh } from "./live.js";

const LOOK_MS = 1_000; // between two looks while a command goes on, in case the stream is lost

document.addEventListener("submit", (event) => {
  const form = event.target.closest(".door-act");
  if (!form) return;
  event.preventDefault();
  if (form.querySelector("button").getAttribute("aria-disabled") === "true") return;
  act(form);
});

async function act(form) {
  const element = form.closest("[data-from]");
  const { door, does, lock, asked } = form.dataset;
  for (const button of form.parentElement.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  stage(form, asked, "goes-on");
  let answer;
  try {
    answer = await ask(door, does, lock);
    if (answer.status === 403 && (await needs(answer)) === "fresh") {
      const fresh = await confirmed();
      if (fresh === null) { location.assign(`/sign-in/again?next=${encodeURIComponent(location.pathname)}`); return; }
      if (fresh) answer = await ask(door, does, lock);
      else { again(form, element); return; }
    }
  } catch {
    again(form, element, form.dataset.unreached);
    return;
  }
  if (!answer.ok) {
    const problem = await answer.json();
    again(form, element, [problem.what, problem.todo].filter(Boolean).join(". "));
    return;
  }
  refresh(element);
  follow(door, element.dataset.from);
}

function ask(door, does, lock) {
  return fetch(`/api/doors/${encodeURIComponent(door)}/${does}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "x-csrf": document.body.dataset.csrf },
    body: JSON.stringify({ lock }),
  });
}

async function needs(answer) {
  return (await answer.clone().json()).need;
}

/** Whether somebody confirmed that it is they; null where that cannot be done in place. */
async function confirmed() {
  let passkeys;
  try {
    passkeys = await import("./passkeys.js");
  } catch {
    return null;
  }
  return passkeys.freshen();
}

/** Looks until the command has ended. */
async function follow(door, from) {
  for (let looks = 0; looks < 60; looks += 1) {
    await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
    const answer = await fetch(`/api/doors/${encodeURIComponent(door)}/progress`).catch(() => null);
    const going = answer?.ok ? (await answer.json()).some((one) => !one.ended) : true;
    for (const element of document.querySelectorAll(`[data-from="${CSS.escape(from)}"]`)) refresh(element);
    if (!going) return;
  }
}

/** Says at once what is going on, in the place where the steps will stand. */
function stage(form, text, kind) {
  const element = form.closest("[data-from]");
  let place = form.parentElement.previousElementSibling;
  if (!place?.classList.contains("stage")) {
    place = document.createElement("p");
    form.parentElement.before(place);
  }
  place.className = `stage ${kind}`;
  place.textContent = text;
  say(`${element.querySelector("h2")?.textContent.trim() ?? ""} ${text}`);
}

function again(form, element, text = "") {
  for (const button of form.parentElement.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  if (text) stage(form, text[0].toUpperCase() + text.slice(1), "bad");
  else refresh(element);
}
