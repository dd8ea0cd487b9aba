// Shows what was read: boxes over the picture, and a list of texts that the boxes belong to.

import { Problem } from "./api.js";

// Less sure than this is marked; index.html says so.
const DOUBTFUL_CHARACTER = 0.9;
const DOUBTFUL_LINE = 0.5;
const LEAST_WIDTH = 240; // pixels of the window
const SVG = "http://www.w3.org/2000/svg";

/** Returns the readings in a row of the server, as {text, confidence, characters, box, others}. */
export function toReadings(kind, row) {
  const readings = kind === "pages" ? ofPage(row) : [ofOne(kind, row)];
  if (readings.some(({ text, confidence }) => typeof text !== "string" || !(confidence >= 0))) {
    throw new Problem("The server answered something else than a reading.");
  }
  return readings;
}

function ofOne(kind, row) {
  if (kind === "lines") {
    return { text: row.text, confidence: row.confidence, characters: row.character_confidences };
  }
  const others = (row.top_characters ?? []).slice(1).map((character, index) => ({
    character,
    probability: row.top_probabilities[index + 1],
  }));
  return { text: row.character, confidence: row.confidence, others };
}

function ofPage(row) {
  return Array.from({ length: row.count }, (_, index) => ({
    text: row.texts[index],
    confidence: row.confidences[index],
    characters: row.character_confidences?.[index],
    box: row.boxes[index],
  }));
}

/** Fills the figure and the list; the two show together what is chosen in either. */
export class Results {
  #picture;
  #boxes;
  #list;
  #legend;
  #url = null;

  constructor({ picture, boxes, list, legend }) {
    this.#picture = picture;
    this.#boxes = boxes;
    this.#list = list;
    this.#legend = legend;
  }

  /** Shows a picture {blob, width, height} and its readings. */
  show(picture, readings) {
    if (this.#url) {
      URL.revokeObjectURL(this.#url);
    }
    this.#url = URL.createObjectURL(picture.blob);
    this.#picture.src = this.#url;
    // A small picture is not blown up to the width of the window.
    this.#picture.parentElement.style.maxWidth = `${Math.max(picture.width, LEAST_WIDTH)}px`;
    this.#boxes.setAttribute("viewBox", `0 0 ${picture.width} ${picture.height}`);
    this.#boxes.setAttribute("preserveAspectRatio", "none");
    this.#boxes.replaceChildren();
    this.#list.replaceChildren();
    readings.forEach((reading, index) => this.#add(reading, index));
    this.#legend.hidden = !this.#list.querySelector("mark");
  }

  #add(reading, index) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.append(textOf(reading), sureOf(reading));
    button.addEventListener("click", () => this.#choose(index));
    button.addEventListener("focus", () => this.#choose(index));
    const item = document.createElement("li");
    item.append(button, ...othersOf(reading));
    this.#list.append(item);
    const rect = document.createElementNS(SVG, "rect");
    if (reading.box) {
      const [top, left, bottom, right] = reading.box;
      const numbers = { x: left, y: top, width: right - left, height: bottom - top };
      Object.entries(numbers).forEach(([name, value]) => rect.setAttribute(name, value));
      rect.classList.toggle("doubtful", reading.confidence < DOUBTFUL_LINE);
      rect.addEventListener("click", () => button.focus());
    }
    this.#boxes.append(rect);
  }

  #choose(chosen) {
    [...this.#list.children].forEach((item, index) => {
      item.querySelector("button").setAttribute("aria-pressed", String(index === chosen));
      this.#boxes.children[index].classList.toggle("chosen", index === chosen);
    });
  }
}

function textOf({ text, confidence, characters }) {
  const element = document.createElement("span");
  element.className = "text";
  const letters = [...text];
  const told = Array.isArray(characters) && characters.length >= letters.length;
  // Where single characters are not told, doubt is of the whole line.
  const sure = told ? characters : letters.map(() => confidence);
  for (const run of doubtRuns(letters, sure, told ? DOUBTFUL_CHARACTER : DOUBTFUL_LINE)) {
    if (run.doubtful) {
      const mark = document.createElement("mark");
      mark.textContent = run.text;
      mark.title = `${percent(run.least)} sure`;
      element.append(mark);
    } else {
      element.append(run.text);
    }
  }
  if (!letters.length) {
    element.append("(nothing)");
  }
  return element;
}

/** Joins neighbours of one kind, so that a doubtful word is one mark. */
function doubtRuns(letters, sure, limit) {
  const runs = [];
  letters.forEach((letter, index) => {
    const doubtful = sure[index] < limit;
    const last = runs.at(-1);
    if (last?.doubtful === doubtful) {
      last.text += letter;
      last.least = Math.min(last.least, sure[index]);
    } else {
      runs.push({ doubtful, text: letter, least: sure[index] });
    }
  });
  return runs;
}

function sureOf({ confidence }) {
  const element = document.createElement("span");
  element.className = "sure";
  element.textContent = `${percent(confidence)} sure`;
  return element;
}

function othersOf({ others }) {
  if (!others?.length) {
    return [];
  }
  const element = document.createElement("p");
  element.className = "others hint";
  const told = others.map(({ character, probability }) => `${character} ${percent(probability)}`);
  element.textContent = `or ${told.join(", ")}`;
  return [element];
}

function percent(share) {
  if (share > 0.995 && share < 1) {
    return "over 99 %"; // nearly is not quite
  }
  return share > 0 && share < 0.005 ? "under 1 %" : `${Math.round(share * 100)} %`;
}
