// First run: takes the time zone from the browser, and looks again while something is awaited.
const form = document.querySelector("form[data-zone]");
if (form) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const choice = form.elements.namedItem("timezone");
  if (["UTC", "Etc/UTC"].includes(form.dataset.zone) && [...choice.options].some((one) => one.value === zone)) choice.value = zone;
}
if (document.querySelector("[data-reload]")) setTimeout(() => location.reload(), 1200);
