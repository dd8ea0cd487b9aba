// Uploads pictures of pages, one after the other, and opens the page where it is only one.

import { guard, send, uploadOf } from "/static/sending.js";

const element = (id) => document.getElementById(id);

element("page").addEventListener("change", (event) => {
  const files = [...event.target.files];
  event.target.value = "";
  guard(element("problem"), async () => {
    let last = "";
    for (const [number, file] of files.entries()) {
      element("status").textContent = `Uploading ${number + 1} of ${files.length} …`;
      last = (await send("/pages", ...uploadOf(file))).page;
    }
    if (files.length) {
      location.assign(files.length === 1 ? last : "/pages");
    }
  }).finally(() => (element("status").textContent = ""));
});
