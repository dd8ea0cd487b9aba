// The page to mark lines on: mouse and keys change the boxes, Save sends all of them.

import { merged, moved, onPage, split } from "/static/boxes.js";
import { guard, send, uploadOf } from "/static/sending.js";

const EDGE = 7; // pixels of the screen within which an edge is grabbed
const element = (id) => document.getElementById(id);
const told = JSON.parse(element("told").textContent);
const svg = element("boxes");
const { page, queued } = document.querySelector(".marked").dataset;
const size = told.size;
let { boxes, revision } = told;
let chosen = boxes.length ? 0 : -1;
let saved = JSON.stringify(boxes);
let past = []; // for undo
let pointer = { x: -1, y: -1 };
let busy = false;

const changed = () => JSON.stringify(boxes) !== saved;

function say() {
  const box = boxes[chosen];
  const which = box ? `Line ${chosen + 1} of ${boxes.length}` : `${boxes.length} lines`;
  const text = box?.text ? `: ${box.text}` : "";
  element("status").textContent = `${which}${text}${changed() ? " – not saved" : ""}`;
}

function draw() {
  const height = Math.round(size[1] / 60);
  svg.replaceChildren(
    ...boxes.map((box, number) => {
      const group = document.createElementNS(svg.namespaceURI, "g");
      group.setAttribute("role", "listitem");
      group.setAttribute("aria-label", `Line ${number + 1} ${box.text}`);
      group.classList.toggle("chosen", number === chosen);
      const rect = document.createElementNS(svg.namespaceURI, "rect");
      rect.setAttribute("x", box.left);
      rect.setAttribute("y", box.top);
      rect.setAttribute("width", box.right - box.left);
      rect.setAttribute("height", box.bottom - box.top);
      rect.dataset.number = number;
      const name = document.createElementNS(svg.namespaceURI, "text");
      name.setAttribute("x", Math.max(box.left - height * 0.3, height));
      name.setAttribute("text-anchor", "end");
      name.setAttribute("y", box.top + height);
      name.setAttribute("font-size", height);
      name.textContent = number + 1;
      group.append(rect, name);
      return group;
    }),
  );
  for (const id of ["save", "queue", "read"]) {
    if (element(id)) {
      element(id).disabled = busy || (id === "save" && !changed()) || (id === "queue" && !boxes.length);
    }
  }
  say();
}

/** Takes new boxes, and keeps the old ones for undo. */
function change(next, choice = chosen) {
  if (queued) {
    return;
  }
  past.push([boxes, chosen]);
  boxes = next;
  chosen = Math.min(choice, boxes.length - 1);
  draw();
}

const replaced = (...others) => boxes.toSpliced(chosen, 1, ...others);

const guarded = async (action) => {
  if (busy) {
    return;
  }
  busy = true;
  draw();
  await guard(element("problem"), action);
  busy = false;
  draw();
};

const save = () =>
  guarded(async () => {
    const sent = JSON.stringify(boxes);
    ({ revision } = await send(`/pages/${page}/lines`, JSON.stringify({ revision, boxes })));
    saved = sent;
  });

const propose = (answer) => change(answer.boxes, answer.boxes.length ? 0 : -1);

const actions = {
  ArrowDown: () => choose(chosen + 1),
  ArrowUp: () => choose(chosen - 1),
  a: addBelow,
  Delete: () => change(replaced()),
  Backspace: () => change(replaced()),
  s: () => change(replaced(...split(boxes[chosen], pointer.x, false))),
  t: () => change(replaced(...split(boxes[chosen], pointer.y, true))),
  m: merge,
  z: undo,
  Enter: () => changed() && save(),
};

function choose(number) {
  if (boxes.length) {
    chosen = Math.min(Math.max(number, 0), boxes.length - 1);
    draw();
    svg.children[chosen].scrollIntoView({ block: "nearest" });
  }
}

function addBelow() {
  const above = boxes[chosen];
  const given = above ?? { left: size[0] * 0.1, right: size[0] * 0.9, top: 0, bottom: size[1] * 0.04 };
  const height = given.bottom - given.top;
  const wanted = { ...given, text: "", model: "", top: given.top + height, bottom: given.bottom + height };
  const box = onPage(above ? wanted : { ...given, text: "", model: "" }, size);
  if (box) {
    change(boxes.toSpliced(chosen + 1, 0, box), chosen + 1);
  }
}

function merge() {
  const next = boxes[chosen + 1];
  if (next) {
    change(boxes.toSpliced(chosen, 2, merged(boxes[chosen], next)));
  }
}

function undo() {
  if (past.length) {
    [boxes, chosen] = past.pop();
    draw();
  }
}

function reorder(by) {
  const place = chosen + by;
  if (place >= 0 && place < boxes.length) {
    const others = replaced();
    change(others.toSpliced(place, 0, boxes[chosen]), place);
  }
}

function nudge(key, resize) {
  const step = Math.max(Math.round(size[0] / 500), 1);
  const [across, down] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[key];
  const box = boxes[chosen];
  const next = resize
    ? onPage({ ...box, right: Math.max(box.right + across, box.left), bottom: Math.max(box.bottom + down, box.top) }, size)
    : moved(box, across, down, size);
  if (next) {
    change(replaced(next));
  }
}

document.addEventListener("keydown", (event) => {
  const control = event.target.closest("button, a, input, label, summary");
  if (queued || busy || (control && (event.key === "Enter" || event.key === " "))) {
    return;
  }
  const arrow = event.key.startsWith("Arrow");
  const on = boxes[chosen];
  if (arrow && on && (event.altKey || event.ctrlKey)) {
    nudge(event.key, event.ctrlKey);
  } else if (arrow && on && event.shiftKey) {
    reorder({ ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0);
  } else if (!event.altKey && !event.ctrlKey && !event.metaKey && actions[event.key]) {
    if (on || ["a", "z", "Enter"].includes(event.key)) {
      actions[event.key]();
    }
  } else {
    return;
  }
  event.preventDefault();
});

/** Returns where a pointer is, in pixels of the page. */
function place(event) {
  const shown = svg.getBoundingClientRect();
  const scale = size[0] / shown.width;
  return { x: (event.clientX - shown.left) * scale, y: (event.clientY - shown.top) * scale, scale };
}

let drag = null;

/** Tells which edges of a box a pointer holds; none moves the whole box. */
function edgesAt(box, { x, y, scale }) {
  const near = EDGE * scale;
  return Object.entries({ left: x - box.left, right: x - box.right, top: y - box.top, bottom: y - box.bottom })
    .filter(([, distance]) => Math.abs(distance) < near)
    .map(([edge]) => edge);
}

svg.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || drag || queued || busy) {
    return;
  }
  event.preventDefault();
  svg.setPointerCapture(event.pointerId);
  const from = place(event);
  const number = event.target.dataset.number;
  if (number !== undefined) {
    choose(Number(number));
    drag = { from, before: boxes, box: boxes[chosen], edges: edgesAt(boxes[chosen], from) };
  } else {
    drag = { from, before: boxes, box: null };
  }
});

svg.addEventListener("pointermove", (event) => {
  pointer = place(event);
  if (!drag) {
    return;
  }
  const { from, before, box, edges } = drag;
  const [across, down] = [pointer.x - from.x, pointer.y - from.y];
  let next;
  if (!box) {
    next = onPage({ left: from.x, top: from.y, right: pointer.x, bottom: pointer.y, text: "", model: "" }, size);
    boxes = next ? [...before, next] : before;
    chosen = next ? before.length : chosen;
  } else {
    const stretched = { ...box };
    for (const edge of edges) {
      stretched[edge] += edge === "left" || edge === "right" ? across : down;
    }
    next = edges.length ? onPage(stretched, size) : moved(box, across, down, size);
    boxes = next ? before.toSpliced(chosen, 1, next) : before;
  }
  draw();
});

for (const end of ["pointerup", "pointercancel"]) {
  svg.addEventListener(end, () => {
    if (drag && JSON.stringify(boxes) !== JSON.stringify(drag.before)) {
      past.push([drag.before, Math.min(chosen, drag.before.length - 1)]);
    }
    drag = null;
  });
}

element("save")?.addEventListener("click", save);
element("queue")?.addEventListener("click", () =>
  guarded(async () => {
    await send(`/pages/${page}/queue`, JSON.stringify({ revision, boxes }));
    saved = JSON.stringify(boxes);
    location.reload();
  }),
);
element("read")?.addEventListener("click", () =>
  guarded(async () => propose(await send(`/pages/${page}/reading`, ""))),
);
element("layout")?.addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) {
    guarded(async () => propose(await send(`/pages/${page}/layout`, ...uploadOf(file))));
  }
});
addEventListener("beforeunload", (event) => {
  if (changed()) {
    event.preventDefault();
  }
});
draw();
