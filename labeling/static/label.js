// The keys of the labelling page, how its picture is shown, and what its text may hold. Without this
// script the page works by its buttons.

const picture = document.getElementById("picture");
const frame = document.getElementById("frame");
const text = document.getElementById("text");
const form = document.getElementById("form");
const outside = document.getElementById("outside");

const HEIGHT = 7; // of the picture, in rem, as it is
const ZOOM_STEP = 1.25;
const [ZOOM_LEAST, ZOOM_MOST] = [0.5, 8];
const TILT = 2; // degrees
const CONTRASTS = ["none", "grayscale(1) contrast(2.2)", "grayscale(1) invert(1) contrast(1.6)"];
const KEPT = "labeling.view"; // zoom and contrast stay from line to line

const view = { zoom: 1, contrast: 0, angle: 0, ...kept() };

function kept() {
  try {
    const { zoom, contrast } = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return {
      zoom: Number.isFinite(zoom) ? zoom : 1,
      contrast: contrast in CONTRASTS ? contrast : 0,
    };
  } catch {
    return {}; // storage is off, or holds something else
  }
}

function show() {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const { naturalWidth, naturalHeight } = picture;
  if (!naturalWidth) {
    return;
  }
  const { paddingLeft, paddingRight } = getComputedStyle(frame);
  // Its outer width: a scroll bar of a larger picture must not make the picture smaller.
  const room = frame.offsetWidth - 2 - parseFloat(paddingLeft) - parseFloat(paddingRight);
  const fit = Math.min((HEIGHT * rem) / naturalHeight, room / naturalWidth);
  const [width, height] = [naturalWidth, naturalHeight].map((size) => size * fit * view.zoom);
  const radians = (view.angle * Math.PI) / 180;
  const [sin, cos] = [Math.abs(Math.sin(radians)), Math.abs(Math.cos(radians))];
  const [turnedWidth, turnedHeight] = [width * cos + height * sin, width * sin + height * cos];
  Object.assign(picture.style, {
    width: `${width}px`,
    height: `${height}px`,
    filter: CONTRASTS[view.contrast],
    transform: `rotate(${view.angle}deg)`,
    margin: `${(turnedHeight - height) / 2}px ${(turnedWidth - width) / 2}px`,
  });
}

const VIEWS = {
  larger: () => (view.zoom = Math.min(view.zoom * ZOOM_STEP, ZOOM_MOST)),
  smaller: () => (view.zoom = Math.max(view.zoom / ZOOM_STEP, ZOOM_LEAST)),
  contrast: () => (view.contrast = (view.contrast + 1) % CONTRASTS.length),
  turn: () => (view.angle += 90),
  tilt: (back) => (view.angle += back ? -TILT : TILT),
  plain: () => Object.assign(view, { zoom: 1, contrast: 0, angle: 0 }),
};

function change(name, back = false) {
  VIEWS[name](back);
  try {
    localStorage.setItem(KEPT, JSON.stringify({ zoom: view.zoom, contrast: view.contrast }));
  } catch {
    // storage is off: the view lasts as long as the line
  }
  show();
}

// The characters of the text that the alphabet lacks; the server looks again.
function check() {
  const known = new Set(text.dataset.alphabet);
  const found = [...new Set(text.value.normalize("NFC"))].filter((character) => {
    return !known.has(character) && character.trim();
  });
  const named = found.map((character) => {
    const number = character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `“${character}” (U+${number})`;
  });
  outside.hidden = !found.length;
  outside.textContent = found.length
    ? `Not in the alphabet: ${named.join(", ")}. Write other characters, or flag the line.`
    : "";
  text.setAttribute("aria-invalid", String(Boolean(found.length)));
  return !found.length;
}

// Marks the next character that the model doubts, from the cursor on, round to the first.
function goToDoubt() {
  const places = text.dataset.doubtful.split(" ").filter(Boolean).map(Number);
  if (!places.length) {
    return;
  }
  const units = [...text.dataset.reading].map((character) => character.length);
  const starts = places.map((place) => units.slice(0, place).reduce((sum, n) => sum + n, 0));
  const from = text.selectionStart + (text.selectionEnd > text.selectionStart ? 1 : 0);
  const next = starts.find((start) => start >= from) ?? starts[0];
  text.focus();
  text.setSelectionRange(next, next + 1);
}

const KEYS = {
  "+": () => change("larger"),
  "=": () => change("larger"),
  "-": () => change("smaller"),
  0: () => change("plain"),
  c: () => change("contrast"),
  r: () => change("turn"),
  t: (event) => change("tilt", event.shiftKey),
  d: goToDoubt,
};

// Alt with a letter gives another character on some keyboards: then the key's place tells the letter.
function letter({ key, code }) {
  const plain = key.length === 1 && key.codePointAt(0) < 128;
  return (plain ? key : code.replace(/^(Key|Digit)/, "")).toLowerCase();
}

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey) {
    return;
  }
  const key = letter(event);
  const button = document.querySelector(`button[data-key="${CSS.escape(key)}"]`);
  if (button) {
    event.preventDefault();
    button.click();
  } else if (picture && key in KEYS) {
    event.preventDefault();
    KEYS[key](event);
  }
});

// A second Enter while the first is on its way would meet the next line.
let sent = false;
for (const each of document.querySelectorAll("form[method=post]")) {
  each.addEventListener("submit", (event) => {
    const saves = each === form && (event.submitter?.value ?? "save") === "save";
    if (sent || (saves && !check())) {
      event.preventDefault();
      return;
    }
    sent = true;
  });
}
window.addEventListener("pageshow", () => (sent = false)); // back from the next page

if (picture) {
  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", (event) => change(button.dataset.view, event.shiftKey));
  }
  text.addEventListener("input", check);
  picture.addEventListener("load", show);
  window.addEventListener("resize", show);
  show();
  check();
  text.setSelectionRange(text.value.length, text.value.length);
  if (picture.dataset.next) {
    new Image().src = `/pictures/${picture.dataset.next}`; // is there when its line comes
  }
}
document.getElementById("why")?.addEventListener("change", (event) => event.target.form.submit());
