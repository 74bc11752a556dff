// The dialog that says why something is as it is: atoll explain.

import {h, put} from "./dom.js";
import {ask} from "./server.js";

const dialog = document.getElementById("explain");
const title = document.getElementById("explain-title");
const body = document.getElementById("explain-body");

// A button with an id on it.
export function explainButton(id, words = id) {
  return h("button", {class: "id", type: "button", "data-explain": id, title: `Explain ${id}`}, words);
}

function sentence(text) {
  const next = text.startsWith("next: ");
  return h("li", {class: next ? "next" : null}, next ? [h("b", {}, "next "), text.slice(6)] : text);
}

function rowTable(row) {
  const known =
      Object.entries(row).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0));
  return h(
      "details", {}, h("summary", {}, "All that is known"),
      h("dl", {class: "facts"},
        known.map(
            ([key, value]) =>
                [h("dt", {}, key.replaceAll("_", " ")),
                 h("dd", {}, typeof value === "object" ? JSON.stringify(value) : String(value))])));
}

export async function explain(id) {
  put(title, [id]);
  put(body, [h("p", {class: "quiet"}, "asking…")]);
  if (!dialog.open) dialog.showModal();
  try {
    const answer = await ask("explain", {id});
    const [found] = answer.found;
    put(title, [`${found.kind.replace(/s$/, "")} ${found.id}`]);
    put(body, [
      h("ul", {class: "sentences"}, answer.found.flatMap((each) => each.text).map(sentence)),
      answer.warnings.map((warning) => h("p", {class: "warning"}, warning)), found.row ? rowTable(found.row) : null
    ]);
  } catch (error) {
    put(body, [h("p", {class: "warning"}, error.message || "The dashboard does not answer.")]);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-explain]");
  if (button) explain(button.dataset.explain);
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();  // beside it
});
document.getElementById("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const id = document.getElementById("ask-id").value.trim();
  if (id) explain(id);
});
