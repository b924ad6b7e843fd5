// The officer's buttons: the gateway prepares the words, this browser signs them, the gateway judges.
import { clockAt, gatewayNow, isLive } from "/static/live.js";
import { officer } from "/static/officer.js";

export function takeActs() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-act]");
    if (form === null) return;
    event.preventDefault();
    const button = form.querySelector("button");
    if (!button.disabled) act(form, button);
  });
}

async function act(form, button) {
  if (!isLive()) return;
  const wrong = firstWrong(form);
  if (wrong !== null) {
    wrong.focus();
    tell(form, false, [complaint(wrong)]);
    return;
  }
  const fields = Object.fromEntries(new FormData(form));
  button.dataset.busy = "yes";
  button.disabled = true;
  try {
    const outcome = await sign(form.dataset.act, fields);
    tell(form, outcome.accepted, outcome.sentences);
  } catch (error) {
    tell(form, false, [error instanceof TypeError ? "The gateway did not answer. Nothing is known to have been done: check before you try again." : error.message]);
  } finally {
    delete button.dataset.busy;
    button.disabled = !isLive() || button.dataset.over === "yes";
  }
}

// Signs one act of whoever is signed in on this browser; what the gateway answers.
export async function sign(kind, fields) {
  const acting = await officer();
  if (acting === null) return { accepted: false, sentences: ["Sign in first: nobody is signed in on this browser."] };
  const prepared = await post("/acts/prepare", { kind, fields, certificate: base64(acting.certificate) });
  if (prepared.token === undefined) return prepared;
  const words = Uint8Array.from(atob(prepared.to_be_signed), (c) => c.charCodeAt(0));
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, acting.key, words);
  return post("/acts/submit", { token: prepared.token, signature: base64(signature) });
}

async function post(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  try {
    return await answer.json();
  } catch {
    throw new Error(`The gateway answered with an error (${answer.status}). Nothing is known to have been done.`);
  }
}

function base64(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

function firstWrong(form) {
  return [...form.elements].find((each) => !each.checkValidity()) ?? null;
}

function complaint(field) {
  const label = field.labels[0].textContent.trim();
  if (field.type === "checkbox") return `Tick first: ${label}`;
  return field.value === "" ? `Fill in: ${label}` : `Not in the right form: ${label}`;
}

function tell(form, accepted, sentences) {
  const box = document.createElement("div");
  box.className = accepted ? "told told--done" : "told told--refused";
  const heading = document.createElement("h2");
  heading.className = "told__heading";
  heading.textContent = `${form.dataset.label}: ${accepted ? "accepted" : "not done"} at ${clockAt(gatewayNow())}`;
  box.append(heading);
  for (const sentence of sentences) {
    const line = document.createElement("p");
    line.textContent = sentence;
    box.append(line);
  }
  const outcome = document.getElementById("act-outcome");
  outcome.replaceChildren(box);
  outcome.scrollIntoView({ block: "nearest" });
}
