// Settings: goes on once the service stands again, shows that something is tried, and what a search finds as it does.
import { say } from "./app.js";

const RETRY = 250;

async function wait(place) {
  const to = place.dataset.applying;
  for (;;) {
    await new Promise((done) => setTimeout(done, RETRY));
    try {
      const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect") return location.replace(to);
    } catch {
      // The service is between two runs: nobody answers for a moment.
    }
  }
}

async function poll(place) {
  const answer = await fetch("/api/settings/discovery", { headers: { accept: "application/json" } });
  const search = answer.ok ? await answer.json() : null;
  if (search && !search.running) location.reload();
  else setTimeout(() => poll(place), RETRY * 2);
}

const applying = document.querySelector("[data-applying]");
if (applying) wait(applying);
const search = document.querySelector("[data-poll]");
if (search) poll(search);

for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button) return;
    say(form.dataset.busy);
    // After the form's values were taken: a disabled button gives none.
    setTimeout(() => { button.textContent = form.dataset.busy; button.setAttribute("aria-disabled", "true"); });
  });
}
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
