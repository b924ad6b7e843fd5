// Keeps the prisoner's screen equal to the kiosk's state; when the kiosk falls silent it says that it does not work.

const SILENCE_MS = 1500; // the kiosk beats every 400 ms
const PICTURE_MS = 100;
const root = document.documentElement;
const parts = ["drawing", "words", "steps"];

let lastBeat = performance.now();
let polling = false;

const source = new EventSource(document.body.dataset.events);
source.onmessage = (event) => {
  lastBeat = performance.now();
  contact("live");
  const message = JSON.parse(event.data);
  if (message.instruction !== undefined) show(message);
};
source.onerror = () => {
  if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), SILENCE_MS);
};
setInterval(() => performance.now() - lastBeat > SILENCE_MS && contact("lost"), 100);
picture();

function contact(state) {
  root.dataset.contact = state;
  document.getElementById("away").hidden = state !== "lost";
}

function show(message) {
  if (message.instruction === "WELCOME" && document.body.dataset.instruction !== "WELCOME") goHome();
  document.body.dataset.instruction = message.instruction;
  for (const part of parts) {
    const place = document.getElementById(part);
    if (place.dataset.shown !== message[part]) {
      place.innerHTML = message[part];
      place.dataset.shown = message[part];
    }
  }
  const progress = document.getElementById("progress");
  progress.value = Number(message.progress);
  progress.hidden = progress.value === 0;
  root.dataset.picture = message.picture;
  picture();
}

// The next person starts in the site's own language.
function goHome() {
  if (location.pathname !== "/") location.replace("/");
}

// One picture after the other, from the kiosk's memory; none is kept.
function picture() {
  if (polling || root.dataset.picture !== "yes") return;
  polling = true;
  const next = new Image();
  const again = (wait) =>
    setTimeout(() => {
      polling = false;
      picture();
    }, wait);
  next.onload = () => {
    const place = document.getElementById("picture");
    place.src = next.src;
    place.dataset.has = "yes";
    again(PICTURE_MS);
  };
  next.onerror = () => {
    delete document.getElementById("picture").dataset.has;
    again(5 * PICTURE_MS);
  };
  next.src = `/picture?${Math.round(performance.now())}`;
}
