// What can be done with the boxes of a page. Nothing here touches the document.

export const LEAST = 4; // pixels: as the server has it

const round = (box) => ({
  ...box,
  left: Math.round(box.left),
  top: Math.round(box.top),
  right: Math.round(box.right),
  bottom: Math.round(box.bottom),
});

/** Returns a box on the page with positive sides, null where it is too small. */
export function onPage(box, [width, height]) {
  const clamp = (value, most) => Math.min(Math.max(value, 0), most);
  const [left, right] = [clamp(box.left, width), clamp(box.right, width)].sort((a, b) => a - b);
  const [top, bottom] = [clamp(box.top, height), clamp(box.bottom, height)].sort((a, b) => a - b);
  const made = round({ ...box, left, top, right, bottom });
  return made.right - made.left < LEAST || made.bottom - made.top < LEAST ? null : made;
}

/** Returns a box moved by so many pixels, as far as the page goes. */
export function moved(box, across, down, [width, height]) {
  const x = Math.min(Math.max(across, -box.left), width - box.right);
  const y = Math.min(Math.max(down, -box.top), height - box.bottom);
  const { left, top, right, bottom } = box;
  return round({ ...box, left: left + x, right: right + x, top: top + y, bottom: bottom + y });
}

/** Returns the two halves of a box; a text cannot be divided and goes. */
export function split(box, at, upright) {
  const [start, end] = upright ? [box.top, box.bottom] : [box.left, box.right];
  const inside = at > start + LEAST && at < end - LEAST;
  const middle = Math.round(inside ? at : (start + end) / 2);
  const parts = upright
    ? [{ ...box, bottom: middle }, { ...box, top: middle }]
    : [{ ...box, right: middle }, { ...box, left: middle }];
  return middle - start < LEAST || end - middle < LEAST
    ? [box]
    : parts.map((part) => ({ ...part, text: "", model: "" }));
}

/** Returns the box around two, with both texts. */
export function merged(first, second) {
  return {
    left: Math.min(first.left, second.left),
    top: Math.min(first.top, second.top),
    right: Math.max(first.right, second.right),
    bottom: Math.max(first.bottom, second.bottom),
    text: [first.text, second.text].filter(Boolean).join(" "),
    model: first.model === second.model ? first.model : "",
  };
}
