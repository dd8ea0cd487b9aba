// Makes of any picture what every server takes: an upright PNG or JPEG on white.

import { Problem } from "./api.js";

const MAX_PIXELS = 100_000_000; // as the servable of pages
const QUALITY = 0.95;

/** Returns {blob, width, height} of a file that the browser can show. */
export async function toPicture(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file); // upright, whatever a camera's tag says
  } catch {
    throw new Problem(`${file.name || "This"} is not a picture that this browser can show.`);
  }
  const { width, height } = bitmap;
  if (width * height > MAX_PIXELS) {
    throw new Problem(`A picture of ${width} × ${height} pixels is too large: scale it down.`);
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // under what is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  // Photographs as PNG would be ten times as large.
  const type = file.type === "image/png" ? "image/png" : "image/jpeg";
  return { blob: await canvas.convertToBlob({ type, quality: QUALITY }), width, height };
}

/** Returns the first picture of a drop or a paste, null where there is none. */
export function pictureIn(transfer) {
  return [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? null;
}
