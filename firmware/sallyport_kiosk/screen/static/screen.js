// Keeps the prisoner's screen equal to the kiosk's state; when the kiosk falls silent it says that it does not work.

const SILENCE_MS = 1500; // the kiosk beats every 400 ms
const PICTURE_MS = 100;
const root = document.documentElement;
const parts = ["drawing", "words", "steps"];

const AT_ONCE = new Set(["TURN_LEFT", "TURN_RIGHT", "LOOK_UP", "CLOSE_EYES", "SMILE", "LOOK_STRAIGHT", "KEEP_STILL"]);

let lastBeat = performance.now();
let spoken = document.body.dataset.instruction;
let polling = false;

connect();
setInterval(() => performance.now() - lastBeat > SILENCE_MS && contact("lost"), 100);


function connect() {
  const source = new EventSource(document.body.dataset.events);
  source.onmessage = (event) => take(JSON.parse(event.data));
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, SILENCE_MS);
  };
}

function take(message) {
  lastBeat = performance.now();
  contact("live");
  if (message.instruction !== undefined) show(message);
  picture();
}

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
  root.dataset.light = message.light;
  if (message.light !== "") afterPainting(() => fetch(`/lit/${message.number}`, { method: "POST" }).catch(() => {}));
  if (message.instruction !== spoken) speak(message.instruction);
}

// The kiosk times the frames of the camera by the moment at which the colour is really on the screen.
function afterPainting(tell) {
  requestAnimationFrame(() => requestAnimationFrame(tell));
}

// Says the instruction aloud where the machine has a voice for the language; what is asked for at once, in few words.
function speak(instruction) {
  spoken = instruction;
  if (!("speechSynthesis" in window)) return;
  speechSynthesis.cancel();
  for (const place of document.querySelectorAll(AT_ONCE.has(instruction) ? "#words .title" : "#words p, #words h1")) {
    const words = new SpeechSynthesisUtterance(place.textContent);
    words.lang = place.lang === "en" ? "en-GB" : place.lang;
    speechSynthesis.speak(words);
  }
}

// The next person starts in the site's own language.
function goHome() {
  if (location.pathname !== "/") location.replace("/");
}

// One picture after the other, from the kiosk's memory; none is kept.
function picture() {
  if (polling || root.dataset.picture !== "yes" || root.dataset.contact !== "live") return;
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
