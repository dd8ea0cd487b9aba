// Wires the page: what is chosen, dropped, pasted or written goes to the server and is shown.

import { Problem, findKind, findModels, predict } from "./api.js";
import { Pad } from "./pad.js";
import { pictureIn, toPicture } from "./picture.js";
import { Results, toReadings } from "./results.js";

const element = (id) => document.getElementById(id);
const results = new Results({
  picture: element("picture"),
  boxes: element("boxes"),
  list: element("lines"),
  legend: element("legend"),
});
const pad = new Pad(element("pad"), (written) => {
  for (const id of ["read-pad", "undo", "clear"]) {
    element(id).disabled = !written;
  }
});
let kind = null; // what the model reads
let texts = ""; // what was read last
let request = null; // the one under way, aborted by the next

const server = () => element("server").value.trim();
const model = () => element("model").value.trim();

function say(text) {
  element("problem").hidden = true;
  element("status").textContent = text;
}

function complain(error) {
  if (error.name === "AbortError") {
    return; // somebody has asked for something else meanwhile
  }
  element("status").textContent = "";
  element("problem").textContent =
    error instanceof Problem ? error.message : `This page failed: ${error.message}`;
  element("problem").hidden = false;
}

const guarded = (action) => (...given) => action(...given).catch(complain);

/** Asks which models there are, and takes the first or the one that the address names. */
const lookAround = guarded(async () => {
  const found = await findModels(server());
  const options = found.map(({ name }) => new Option(name, name));
  element("models").replaceChildren(...options);
  const wanted = new URLSearchParams(location.search).get("model");
  if (!model()) {
    element("model").value = wanted ?? found[0]?.name ?? "";
  }
  await learnKind();
  if (!model()) {
    throw new Problem("The server has no model under the usual names: name yours.");
  }
});

async function learnKind() {
  kind = model() ? await findKind(server(), model()) : null;
  element("reads").textContent = kind ? `reads ${kind}` : "";
}

async function read(makePicture) {
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  say("Reading…");
  await learnKind();
  if (!kind) {
    throw new Problem(
      model() ? `The server has no model “${model()}” that reads.` : "Name a model first.",
    );
  }
  const picture = await makePicture();
  const begun = performance.now();
  const row = await predict(server(), model(), picture.blob, signal);
  if (signal.aborted) {
    return;
  }
  const readings = toReadings(kind, row);
  results.show(picture, readings);
  texts = readings.map(({ text }) => text).join("\n");
  element("result").hidden = false;
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  say(`${counted(readings.length)} read in ${seconds} s.`);
}

function counted(number) {
  const unit = kind === "characters" ? "character" : "line";
  return number === 1 ? `1 ${unit}` : `${number} ${unit}s`;
}

const readFile = guarded((file) => read(() => toPicture(file)));

element("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  if (file) {
    readFile(file);
  }
  event.target.value = ""; // so that the same file can be chosen again
});
element("read-pad").addEventListener(
  "click",
  guarded(() => read(() => pad.toPicture(kind === "pages"))),
);
element("undo").addEventListener("click", () => pad.undo());
element("clear").addEventListener("click", () => pad.clear());
element("model").addEventListener("change", guarded(learnKind));
element("server").addEventListener("change", () => {
  element("model").value = "";
  say("");
  lookAround();
});
element("copy").addEventListener(
  "click",
  guarded(async () => {
    try {
      await navigator.clipboard.writeText(texts);
    } catch {
      throw new Problem("The browser does not let this page write to the clipboard.");
    }
    say("Text copied.");
  }),
);
document.addEventListener("paste", (event) => {
  const file = pictureIn(event.clipboardData);
  if (file) {
    event.preventDefault();
    readFile(file);
  }
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
for (const end of ["dragleave", "drop"]) {
  document.addEventListener(end, () => document.body.classList.remove("dragging"));
}
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const file = pictureIn(event.dataTransfer);
  if (file) {
    readFile(file);
  } else {
    complain(new Problem("What was dropped is not a picture."));
  }
});

element("server").value = new URLSearchParams(location.search).get("server") ?? "";
lookAround();
