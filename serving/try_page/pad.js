// The area to write on: strokes of mouse, pen or finger, and a picture of them.

// Pixels of the canvas: near a tenth of the height of a letter, as in EMNIST.
const PEN = 18;
const INK = "#111";
// Paper left around the ink, as a share of its height: what line models are trained with.
const MARGIN = 0.08;

export class Pad {
  #canvas;
  #context;
  #strokes = [];
  #current = null; // the stroke that is being written
  #pointer = null; // the one that writes it: a hand beside the pen does not
  #changed;
  #pen;

  /** Listens on a canvas and calls `changed` with whether something is written. */
  constructor(canvas, changed, pen = PEN) {
    this.#pen = pen;
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    this.#changed = changed;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#continue(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => this.#end(event));
    }
    this.#redraw();
  }

  /** Takes the last stroke back. */
  undo() {
    this.#strokes.pop();
    this.#redraw();
  }

  /** Takes everything back. */
  clear() {
    this.#strokes = [];
    this.#redraw();
  }

  /** Returns what is written as {blob, width, height}: for pages all of it, else the ink. */
  async toPicture(whole) {
    const { left, top, width, height } = whole ? this.#all() : this.#inked();
    const picture = new OffscreenCanvas(width, height);
    const context = picture.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    context.drawImage(this.#canvas, -left, -top);
    return { blob: await picture.convertToBlob({ type: "image/png" }), width, height };
  }

  #all() {
    return { left: 0, top: 0, width: this.#canvas.width, height: this.#canvas.height };
  }

  #inked() {
    const points = this.#strokes.flat();
    const xs = points.map((point) => point.x);
    const ys = points.map((point) => point.y);
    const highest = Math.min(...ys) - this.#pen / 2;
    const lowest = Math.max(...ys) + this.#pen / 2;
    const margin = Math.ceil(MARGIN * (lowest - highest)) + 1;
    const left = Math.floor(Math.min(...xs) - this.#pen / 2 - margin);
    const top = Math.floor(highest - margin);
    return {
      left,
      top,
      width: Math.ceil(Math.max(...xs) + this.#pen / 2 + margin) - left,
      height: Math.ceil(lowest + margin) - top,
    };
  }

  #begin(event) {
    if (this.#pointer !== null || event.button !== 0) {
      return;
    }
    event.preventDefault();
    this.#pointer = event.pointerId;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#current = [this.#place(event)];
    this.#strokes.push(this.#current);
    this.#redraw();
  }

  #continue(event) {
    if (event.pointerId !== this.#pointer) {
      return;
    }
    // A fast pen makes more points than there are events.
    const coalesced = event.getCoalescedEvents?.() ?? [];
    for (const each of coalesced.length ? coalesced : [event]) {
      this.#current.push(this.#place(each));
    }
    this.#redraw();
  }

  #end(event) {
    if (event.pointerId === this.#pointer) {
      this.#pointer = null;
      this.#current = null;
    }
  }

  #place(event) {
    const shown = this.#canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - shown.left) * this.#canvas.width) / shown.width,
      y: ((event.clientY - shown.top) * this.#canvas.height) / shown.height,
    };
  }

  #redraw() {
    const context = this.#context;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.lineWidth = this.#pen;
    context.lineCap = "round";
    context.lineJoin = "round";
    context.strokeStyle = INK;
    for (const [first, ...others] of this.#strokes) {
      context.beginPath();
      context.moveTo(first.x, first.y);
      context.lineTo(first.x, first.y); // a dot, where nothing follows
      others.forEach((point) => context.lineTo(point.x, point.y));
      context.stroke();
    }
    this.#changed(this.#strokes.length > 0);
  }
}
