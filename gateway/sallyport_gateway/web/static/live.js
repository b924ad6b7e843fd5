// Keeps a page equal to what the gateway knows, and says so when it cannot.
// A page is not live until its first beat, and again not live one second after its last.

const SILENCE_MS = 1000; // the gateway beats every 400 ms
const root = document.documentElement;

let lastBeat = -Infinity; // by this page's monotonic clock, ms
let aheadMs = 0; // the gateway's wall clock minus this page's monotonic clock
let titleWhenLive = document.title;
let session = null;

export function listen(address) {
  let source = null;
  const connect = () => {
    source = new EventSource(address);
    source.onmessage = (event) => take(JSON.parse(event.data));
    source.onerror = () => {
      lose();
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, SILENCE_MS);
    };
  };
  connect();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => {
    if (event.persisted) {
      lose();
      connect();
    }
  });
  setInterval(watch, 100);
}

export function isLive() {
  return root.dataset.contact === "live";
}

export function gatewayNow() {
  return performance.now() + aheadMs;
}

function take(message) {
  if (message.moved) {
    location.replace(message.moved + location.pathname); // another gateway keeps this lane now
    return;
  }
  lastBeat = performance.now();
  aheadMs = message.now - lastBeat;
  if (message.regions) {
    for (const [name, html] of Object.entries(message.regions)) replace(name, html);
    titleWhenLive = `${message.title} – Sallyport`;
    say(message.announcement);
    if (session !== null && session !== message.session) document.getElementById("act-outcome").replaceChildren();
    session = message.session;
  }
  if (!isLive()) {
    root.dataset.contact = "live";
    document.getElementById("lost").hidden = true;
    freeActs(true);
  }
  document.title = titleWhenLive;
  tick();
}

function watch() {
  if (performance.now() - lastBeat > SILENCE_MS) lose();
  if (isLive()) tick();
}

function lose() {
  if (root.dataset.contact === "lost") return;
  if (lastBeat === -Infinity && performance.now() < SILENCE_MS) return; // still connecting
  root.dataset.contact = "lost";
  document.title = "Lost contact – Sallyport";
  document.getElementById("lost-at").textContent = clockAt(Date.now());
  document.getElementById("lost").hidden = false;
  freeActs(false);
}

// Replaces one region; what the officer typed, ticked or stood on stays, as long as it is for the same act.
function replace(name, html) {
  const region = document.getElementById(`region-${name}`);
  if (region === null || region.dataset.shown === html) return;
  const kept = new Map();
  for (const form of region.querySelectorAll("form[data-key]")) kept.set(form.dataset.key, answersOf(form));
  const unfolded = [...region.querySelectorAll("details[data-fold][open]")].map((each) => each.dataset.fold);
  const focused = region.contains(document.activeElement) ? document.activeElement : null;
  const place = focused && [focused.closest("form[data-key]")?.dataset.key, focused.name || focused.tagName];
  region.innerHTML = html;
  region.dataset.shown = html;
  for (const form of region.querySelectorAll("form[data-key]")) restore(form, kept.get(form.dataset.key));
  for (const each of region.querySelectorAll("details[data-fold]")) each.open = unfolded.includes(each.dataset.fold);
  freeActs(isLive());
  if (place) (standAgain(region, place) ?? region).focus({ preventScroll: true });
}

function answersOf(form) {
  return [...form.elements].map((each) => [each.name, each.value, each.checked, each.disabled]);
}

function restore(form, answers) {
  for (const [name, value, checked] of answers ?? []) {
    const field = name && form.elements.namedItem(name);
    if (!field || field.type === "hidden") continue;
    field.value = value;
    field.checked = checked;
  }
}

function standAgain(region, [key, name]) {
  const scope = key ? region.querySelector(`form[data-key="${CSS.escape(key)}"]`) : region;
  return [...(scope?.querySelectorAll("input, select, button, a") ?? [])].find(
    (each) => (each.name || each.tagName) === name && each.type !== "hidden",
  );
}

function freeActs(free) {
  for (const button of document.querySelectorAll("form[data-act] button")) {
    button.disabled = !free || button.dataset.busy === "yes" || button.dataset.over === "yes";
  }
}

function say(sentence) {
  const announcer = document.getElementById("announcer");
  if (announcer.textContent !== sentence) announcer.textContent = sentence;
}

// Clocks run by the gateway's time, so a wrong clock in this machine cannot stretch a decision.
function tick() {
  const now = gatewayNow();
  document.getElementById("clock").textContent = clockAt(now);
  for (const each of document.querySelectorAll("[data-countdown]")) {
    each.textContent = spoken(Math.max(0, Math.ceil((Number(each.dataset.countdown) - now) / 1000)));
  }
  for (const each of document.querySelectorAll("[data-since]")) {
    each.textContent = spoken(Math.max(0, Math.floor((now - Number(each.dataset.since)) / 1000)));
  }
  for (const each of document.querySelectorAll("[data-expires]")) {
    each.classList.toggle("over", now >= Number(each.dataset.expires));
  }
  for (const form of document.querySelectorAll("form[data-until]")) {
    const button = form.querySelector("button");
    if (now < Number(form.dataset.until) || button.dataset.over === "yes") continue;
    button.dataset.over = "yes";
    button.disabled = true;
  }
}

export function clockAt(moment) {
  return new Date(moment).toLocaleTimeString("en-GB", { timeZone: root.dataset.zone });
}

function spoken(seconds) {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  if (minutes > 0) return `${minutes} min ${seconds % 60} s`;
  return `${seconds} s`;
}
