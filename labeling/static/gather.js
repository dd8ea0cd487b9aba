// The page to write on: each saved drawing brings the next text.

import { Pad } from "/gather/pad.js";

// About a tenth of a capital's height, as pens and the glyphs of EMNIST have it.
const PEN = 7;

const element = (id) => document.getElementById(id);
const token = document.querySelector("meta[name=csrf-token]").content;
let written = false;
let busy = false;

const pad = new Pad(
  element("pad"),
  (something) => {
    written = something;
    enable();
  },
  PEN,
);

function enable() {
  for (const id of ["save", "undo", "clear"]) {
    element(id).disabled = busy || !written;
  }
  element("skip").disabled = busy;
}

async function send(path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      body,
      headers: { accept: "application/json", "x-csrf-token": token, ...headers },
    });
  } catch {
    throw new Error("The server does not answer. Nothing is lost: try again.");
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    throw new Error(told.error ?? `The server answered ${answer.status}.`);
  }
  return told;
}

/** Runs one action at a time and tells what goes wrong. */
async function guarded(action) {
  if (busy) {
    return;
  }
  busy = true;
  enable();
  element("problem").hidden = true;
  try {
    await action();
  } catch (error) {
    element("problem").textContent = error.message;
    element("problem").hidden = false;
  }
  busy = false;
  enable();
}

function show({ id, text, count }) {
  pad.clear();
  element("prompt").dataset.id = id;
  element("prompt").textContent = text;
  element("status").textContent = count === 1 ? "1 line written." : `${count} lines written.`;
}

const save = () =>
  guarded(async () => {
    const { blob } = await pad.toPicture(false);
    show(await send(`/gather/lines/${element("prompt").dataset.id}`, blob));
  });

const skip = () =>
  guarded(async () => {
    const form = new URLSearchParams({ csrf: token });
    show(await send(`/gather/skips/${element("prompt").dataset.id}`, form));
  });

function showTaken({ sheet, added, lines }) {
  const known = lines.filter((line) => line.written).length - added;
  const also = known ? ` ${known} had come before.` : "";
  element("taken-words").textContent = `Sheet ${sheet}: ${added} lines added.${also}`;
  element("taken-lines").replaceChildren(
    ...lines.map(({ text, written }) => {
      const line = document.createElement("li");
      line.textContent = written ? text : `${text} (nothing written)`;
      line.className = written ? "" : "empty";
      return line;
    }),
  );
  element("taken").hidden = false;
}

element("save").addEventListener("click", save);
element("skip").addEventListener("click", skip);
element("undo").addEventListener("click", () => pad.undo());
element("clear").addEventListener("click", () => pad.clear());
element("photo").addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = ""; // so that the same file can be chosen again
  if (file) {
    guarded(async () => {
      element("taken").hidden = true;
      const name = { "x-file-name": encodeURIComponent(file.name) };
      showTaken(await send("/gather/photos", file, name));
    });
  }
});
document.addEventListener("keydown", (event) => {
  const elsewhere = event.target.closest("button, a, input, label");
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || elsewhere || busy) {
    return;
  }
  const action = {
    Enter: () => written && save(),
    z: () => written && pad.undo(),
    x: () => written && pad.clear(),
    s: skip,
  }[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
});
enable();
