// Access: the slider of who could open what when, and codes that hide themselves again.
import { fragment } from "./live.js";

document.documentElement.classList.add("has-js");

const QUARTER = 15 * 60 * 1000;
const form = document.getElementById("slide");
if (form) slide(form);

function slide(form) {
  const range = document.getElementById("steps");
  const words = document.getElementById("at-words");
  const door = form.elements.door?.value;
  let wanted = 0, waiting;

  const query = () => {
    const values = new URLSearchParams();
    if (Number(range.value)) values.set("steps", range.value);
    if (door) values.set("door", door);
    return values.toString();
  };
  const told = () => {
    const steps = Number(range.value);
    if (!steps) return form.dataset.nowadays;
    const at = new Date(Date.now() + steps * QUARTER);
    const minutes = Math.abs(steps) * 15;
    const length = minutes < 120 ? `${minutes} min` : minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`;
    return (steps < 0 ? form.dataset.ago : form.dataset.in).replace("%s", length);
  };
  const show = async () => {
    const mine = ++wanted, asked = query();
    const place = document.getElementById("doors");
    place?.querySelector(".doors")?.setAttribute("aria-busy", "true");
    const found = await fragment(`/access/who/part${asked ? `?${asked}` : ""}`);
    if (!found || mine !== wanted) return;
    document.getElementById("doors")?.replaceWith(found);
    words.textContent = found.dataset.words;
    document.getElementById("at").value = found.dataset.at;
    range.setAttribute("aria-valuetext", found.dataset.words);
    history.replaceState(null, "", asked ? `/access/who?${asked}` : "/access");
  };
  range.addEventListener("input", () => {
    words.textContent = told();
    range.setAttribute("aria-valuetext", told());
    clearTimeout(waiting);
    waiting = setTimeout(show, 120);
  });
}

const shown = document.querySelector(".shown[data-hide-after]");
if (shown) {
  const left = document.getElementById("hide-left");
  const until = Date.now() + Number(shown.dataset.hideAfter) * 1000;
  const hide = () => { clearInterval(ticking); shown.textContent = shown.dataset.hidden; if (left) left.textContent = ""; };
  const tick = () => {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    if (seconds <= 0) hide();
    else if (left) left.textContent = shown.dataset.left.replace("%s", seconds);
  };
  const ticking = setInterval(tick, 1000);
  tick();
  addEventListener("pagehide", hide);
  document.addEventListener("visibilitychange", () => { if (document.hidden) tick(); });
}
document.getElementById("print")?.addEventListener("click", () => print());
