// The server's public REST API, as TensorFlow Serving documents it.

// Asked for in turn, since a server does not list its models.
const KNOWN_NAMES = ["pages", "lines", "characters", "default"];

// What a model reads, by the names of its outputs.
const READS = [
  { kind: "pages", needs: ["boxes", "texts", "confidences", "count"] },
  { kind: "lines", needs: ["text", "confidence"] },
  { kind: "characters", needs: ["character", "confidence"] },
];

/** Something that a person can mend; its message is shown as it is. */
export class Problem extends Error {}

/** Returns the models under the usual names, as {name, kind}. */
export async function findModels(server) {
  const found = [];
  for (const name of KNOWN_NAMES) {
    const kind = await findKind(server, name);
    if (kind) {
      found.push({ name, kind });
    }
  }
  return found;
}

/** Returns what a model reads: "pages", "lines" or "characters"; null where there is none. */
export async function findKind(server, name) {
  const response = await ask(`${modelUrl(server, name)}/metadata`);
  if (response.status === 404) {
    return null;
  }
  const answer = await toJson(response);
  const outputs = answer.metadata?.signature_def?.signature_def?.serving_default?.outputs ?? {};
  return READS.find(({ needs }) => needs.every((output) => output in outputs))?.kind ?? null;
}

/** Has one picture read; returns the server's row for it. */
export async function predict(server, name, blob, signal) {
  const instance = { image_bytes: { b64: await toBase64(blob) } };
  const response = await ask(`${modelUrl(server, name)}:predict`, {
    method: "POST",
    body: JSON.stringify({ signature_name: "serving_default", instances: [instance] }),
    signal,
  });
  const answer = await toJson(response);
  if (!Array.isArray(answer.predictions) || answer.predictions.length !== 1) {
    throw new Problem("The server answered something else than a reading.");
  }
  return answer.predictions[0];
}

function modelUrl(server, name) {
  return `${server.replace(/\/+$/, "")}/v1/models/${encodeURIComponent(name)}`;
}

async function ask(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") {
      throw error;
    }
    throw new Problem(`No model server answers at ${new URL(url, location.href).origin}.`);
  }
}

async function toJson(response) {
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new Problem(`The server answered ${response.status} and no JSON.`);
  }
  if (!response.ok) {
    throw new Problem(`The server refuses (${response.status}): ${answer.error ?? "no reason"}`);
  }
  return answer;
}

function toBase64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Problem("The picture could not be read from the disk."));
    reader.readAsDataURL(blob);
  });
}
