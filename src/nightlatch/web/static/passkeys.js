// Passkeys: makes and uses them where a form asks for it; confirms in place that it is still you (freshen); takes a
// one-time code from behind the # of the address, which browsers never send.

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const listed = (credentials = []) => credentials.map((one) => ({ ...one, id: bytes(one.id) }));

async function create(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: listed(options.excludeCredentials),
  };
  const made = await navigator.credentials.create({ publicKey });
  const { clientDataJSON, attestationObject } = made.response;
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: text(clientDataJSON),
      attestationObject: text(attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

async function get(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: listed(options.allowCredentials),
  };
  const used = await navigator.credentials.get({ publicKey });
  const { clientDataJSON, authenticatorData, signature, userHandle } = used.response;
  return {
    id: used.id,
    rawId: text(used.rawId),
    type: used.type,
    response: {
      clientDataJSON: text(clientDataJSON),
      authenticatorData: text(authenticatorData),
      signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null,
    },
  };
}

class Problem extends Error {
  constructor(problem) {
    super([`${problem.what ?? problem.detail}.`, problem.todo].filter(Boolean).join(" "));
    this.need = problem.need;
  }
}

/** Asks the server in JSON; what it answers, or a Problem. */
async function ask(path, values) {
  const headers = {
    "content-type": "application/json",
    accept: "application/json",
    "x-csrf": document.body.dataset.csrf ?? "",
  };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(values) });
  const answer = await response.json();
  if (!response.ok) throw new Problem(answer);
  return answer;
}

async function use(form) {
  const values = Object.fromEntries(new FormData(form));
  delete values.csrf;
  const asked = await ask(form.dataset.options, values);
  const options = asked.passkey ?? asked;
  const credential = await (form.dataset.passkey === "create" ? create(options) : get(options));
  const done = await ask(form.getAttribute("action"), { ...values, credential });
  location.assign(done.next);
}

function serve(form) {
  const problem = form.querySelector("[data-passkey-problem]");
  const button = form.querySelector("button");
  form.hidden = false;
  const tell = (words) => {
    problem.textContent = words;
    problem.hidden = !words;
  };
  if (!window.PublicKeyCredential) {
    button.disabled = true;
    tell(form.dataset.none);
    return;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    tell("");
    button.disabled = true;
    try {
      await use(form);
    } catch (error) {
      if (error instanceof Problem && error.need === "fresh") {
        if (await freshen()) form.requestSubmit();
      } else {
        tell(error instanceof Problem ? error.message : form.dataset.gone);
      }
    } finally {
      button.disabled = false;
    }
  });
}

/** Asks for a code in a dialog; whether it was right in the end. */
function byCode(asking, path) {
  const dialog = document.createElement("dialog");
  dialog.className = "confirm";
  const form = document.createElement("form");
  const title = document.createElement("h2");
  title.id = "confirm-title";
  title.textContent = asking.title;
  dialog.setAttribute("aria-labelledby", title.id);
  const label = document.createElement("label");
  label.textContent = asking.label;
  label.htmlFor = "confirm-code";
  const input = document.createElement("input");
  Object.assign(input, { id: "confirm-code", required: true, maxLength: 40, autocomplete: "one-time-code" });
  const problem = document.createElement("p");
  problem.className = "error";
  problem.setAttribute("role", "alert");
  problem.hidden = true;
  const confirm = document.createElement("button");
  confirm.className = "button";
  confirm.textContent = asking.confirm;
  const cancel = document.createElement("button");
  cancel.className = "button quiet";
  cancel.type = "button";
  cancel.textContent = asking.cancel;
  form.append(title, label, input, problem, confirm, cancel);
  dialog.append(form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    let right = false;
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(right);
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      confirm.disabled = true;
      try {
        await ask(path, { code: input.value });
        right = true;
        dialog.close();
      } catch (error) {
        problem.textContent = error.message;
        problem.hidden = false;
        input.select();
      } finally {
        confirm.disabled = false;
      }
    });
    dialog.showModal();
    input.focus();
  });
}

/** Confirms in place that it is still you: by a passkey, else by a code. Whether it did; then ask again for what you want. */
export async function freshen() {
  const asking = await ask("/sign-in/again/options", {});
  const code = asking.ways.authenticator || asking.ways.recovery > 0;
  if (asking.passkey && window.PublicKeyCredential) {
    try {
      await ask("/sign-in/again/passkey", { credential: await get(asking.passkey) });
      return true;
    } catch {
      // Not at hand, or given up: the code is asked for, where there is one.
      if (!code) return false;
    }
  }
  return code ? byCode(asking, "/sign-in/again/code") : false;
}

for (const form of document.querySelectorAll("form[data-passkey]")) serve(form);

const code = decodeURIComponent(location.hash.slice(1));
const field = document.querySelector("form[data-code] input[name=code]");
if (field && /^[0-9A-Za-z-]{8,40}$/.test(code)) {
  field.value = code;
  history.replaceState(null, "", location.pathname + location.search);
}
