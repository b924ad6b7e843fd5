// The sign-in page, and the name in the bar of every page.
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
      form.reset();
      tell(true, `Signed in as ${name}.`);
    } catch (error) {
      tell(false, error.message);
    }
    await showOfficer();
  });
  document.getElementById("sign-out").addEventListener("click", async () => {
    await forget();
    tell(true, "Signed out. The key is gone from this browser.");
    await showOfficer();
  });
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
  document.getElementById("sign-in-outcome").replaceChildren(box);
}
