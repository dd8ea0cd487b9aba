// Sends requests of a page's scripts to the application, and tells what goes wrong.

const token = document.querySelector("meta[name=csrf-token]").content;

/** Posts a body and returns the JSON of the answer. */
export async function send(path, body, headers = {}) {
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

/** Returns body and headers of a file. */
export const uploadOf = (file) => [file, { "x-file-name": encodeURIComponent(file.name) }];

/** Runs an action; what it throws is shown in an element. */
export async function guard(problem, action) {
  problem.hidden = true;
  try {
    await action();
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
}
