// What processes printed: which logs there are, and the last lines of the one that is chosen.

import {h, put} from "./dom.js";
import {explainButton} from "./explain.js";
import {ask} from "./server.js";
import {stateMark} from "./table.js";
import {bytes, number, shortId} from "./words.js";

const kRows = 100;   // of the table; a word leaves fewer
const kLines = 200;  // of one log
const kColours = /\x1b\[[0-9;]*m/g;

function cell(title, ...children) {
  return h("td", {"data-title": title}, ...children);
}

function row(log, chosen) {
  return h(
      "tr", {}, cell("log", h("button", {type: "button", "data-log": log.id, "aria-pressed": String(log.id === chosen)}, "Show")),
      cell("of", log.name || "–"), cell("node", explainButton(log.node)), cell("pid", log.pid),
      cell("process", explainButton(log.id, shortId(log.id))),
      cell("actor", log.actor ? explainButton(log.actor, shortId(log.actor)) : "–"),
      cell("state", stateMark(log.ended ? "ended" : "alive")), cell("printed", bytes(log.bytes)));
}

export function logs(root, options, again) {
  let asked = options.get("of") ?? "", chosen = options.get("id"), isNew = true;

  const input = h("input", {
    type: "search",
    id: "whose",
    value: asked,
    placeholder: "an actor, a function, a node, n2:4711",
    maxlength: 300,
    autocomplete: "off",
    spellcheck: "false"
  });
  const form = h("form", {class: "filters"}, h("label", {for: "whose"}, "Whose"), input);
  const complaint = h("p", {class: "warning", role: "alert", hidden: true});
  const table = h("div", {class: "rows"});
  const pages = h("div", {class: "pages"});
  const title = h("h3", {});
  const lines = h("pre", {class: "lines", tabindex: "0", "aria-label": "The last lines"});
  const reader = h("section", {class: "block", id: "log", hidden: true}, title, lines);
  root.append(
      h("div", {class: "heading"}, h("h2", {}, "Logs"),
        h("p", {class: "quiet"}, "What workers, daemons and the head printed, also of those that have ended.")),
      form, complaint, reader, table, pages);

  function choose(words) {
    asked = words;
    again();
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose(input.value.trim());
  });
  input.addEventListener("search", () => choose(input.value.trim()));
  table.addEventListener("click", (event) => {
    const button = event.target.closest("[data-log]");
    if (button === null) return;
    chosen = button.dataset.log;
    isNew = true;
    again();
  });

  function showTable(answer) {
    const shown = answer.logs.slice(0, kRows);
    const heads = ["log", "of", "node", "pid", "process", "actor", "state", "printed"];
    put(table, [h("table", {}, h("thead", {}, h("tr", {}, heads.map((each) => h("th", {}, each)))),
                  h("tbody", {}, shown.map((each) => row(each, chosen))))]);
    put(pages, [h("span", {}, answer.total === 0 ? "none" : `${number(shown.length)} of ${number(answer.total)}`)]);
  }

  function showLog({log, lines: text}) {
    const atEnd = reader.hidden || lines.scrollTop + lines.clientHeight + 4 >= lines.scrollHeight;
    reader.hidden = false;
    put(title, [`${log.name || "process"} on ${log.node}, ${log.pid}`]);
    put(lines, [text.length === 0 ? "nothing" : text.join("\n").replaceAll(kColours, "")]);
    if (atEnd || isNew) lines.scrollTop = lines.scrollHeight;
    if (isNew) reader.scrollIntoView({block: "nearest"});
    isNew = false;
  }

  async function poll() {
    const answer = await ask("logs", {of: asked.split(/\s+/)});
    complaint.hidden = answer.warnings.length === 0;
    put(complaint, [answer.warnings.join("; ")]);
    showTable(answer);
    if (chosen === null) return;
    try {
      showLog(await ask("log", {id: chosen, lines: kLines}));
    } catch (error) {
      if (!error.wrong) throw error;
      complaint.hidden = false;
      put(complaint, [error.message]);
    }
  }

  return {poll};
}
