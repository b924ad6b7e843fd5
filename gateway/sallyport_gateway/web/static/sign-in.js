// The sign-in page, and the name in the bar of every page.
import { sign } from "/static/acts.js";
import { forget, officer, remember } from "/static/officer.js";

export async function showOfficer() {
  const acting = await officer().catch(() => null);
  document.getElementById("officer").textContent = acting ? `Acting as ${acting.name}` : "Sign in";
  const panel = document.getElementById("signed-in");
  if (panel === null) return;
  panel.hidden = acting === null;
  document.getElementById("sign-in").hidden = acting !== null;
  document.getElementById("signed-in-name").textContent = acting?.name ?? "";
}

export function takeSignIn() {
  const form = document.getElementById("sign-in");
  if (form === null) return;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const name = await remember(await textOf("key-file", "key"), await textOf("certificate-file", "certificate"));
      const why = document.getElementById("why").value;
      form.reset();
      await showOfficer();
      await begin(why, `Signed in as ${name}.`);
    } catch (error) {
      tell(false, error.message);
    }
    await showOfficer();
  });
  document.getElementById("begin").addEventListener("submit", async (event) => {
    event.preventDefault();
    await begin(document.getElementById("begin-why").value, "You may read now.");
  });
  document.getElementById("sign-out").addEventListener("click", async () => {
    await forget();
    await fetch("/sign-out", { method: "POST" }).catch(() => null);
    tell(true, "Signed out. The key is gone from this browser.");
    await showOfficer();
  });
}

// Tells the gateway who reads and why; from then on this browser is let in.
async function begin(why, done) {
  try {
    const outcome = await sign("sign-in", { why });
    tell(outcome.accepted, outcome.accepted ? `${done} ${outcome.sentences.join(" ")}` : outcome.sentences.join(" "));
  } catch {
    tell(false, "The gateway did not answer. Your key is kept; begin to read when it is back.");
  }
}

async function textOf(id, what) {
  const file = document.getElementById(id).files[0];
  if (file === undefined) throw new Error(`Choose the ${what} file.`);
  if (file.size > 65536) throw new Error(`The ${what} file is too large to be one.`);
  return file.text();
}

function tell(done, sentence) {
  const box = document.createElement("div");
  box.className = done ? "told told--done" : "told told--refused";
  const line = document.createElement("p");
  line.textContent = sentence;
  box.append(line);
  if (done) {
    const way = document.createElement("a");
    way.href = "/";
    way.className = "govuk-link";
    way.textContent = "List of lanes";
    box.append(way);
  }
  document.getElementById("sign-in-outcome").replaceChildren(box);
}
