// The page to write on: each saved drawing brings the next text.

import { Pad } from "/gather/pad.js";
import { guard, send, uploadOf } from "/static/sending.js";

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

/** Runs one action at a time and tells what goes wrong. */
async function guarded(action) {
  if (busy) {
    return;
  }
  busy = true;
  enable();
  await guard(element("problem"), action);
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
      showTaken(await send("/gather/photos", ...uploadOf(file)));
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
