// A list of one kind of things: filters, order, pages, and a table that becomes cards where there is no room for
// columns.

import {h, put} from "./dom.js";
import {explainButton} from "./explain.js";
import {ask} from "./server.js";
import {bytes, number, seconds, shortId} from "./words.js";

const kRows = 50;
const kMostRows = 10000;  // that the server lets anybody see of one list

const kGood = new Set(["alive", "created", "running", "idle", "working", "held", "ready"]);
const kBad = new Set(["dead", "failed", "infeasible", "unreachable"]);
const kUnder =
    new Set(["pending", "starting", "restarting", "rescheduling", "queued", "arguments", "waiting", "joining"]);

export function stateMark(state) {
  const manner = kGood.has(state) ? "good" : kBad.has(state) ? "bad" : kUnder.has(state) ? "under" : "";
  return h("span", {class: "state " + manner}, state);
}

// How a cell is shown, by the type of its column.
const kShow = {
  id: (value) => explainButton(value, shortId(value)),
  node: (value) => explainButton(value),
  ids: (value) => value.slice(0, 3)
                      .map((id) => [explainButton(id, shortId(id)), " "])
                      .concat(value.length > 3 ? `+${value.length - 3}` : []),
  holders: (value) =>
      value.slice(0, 3)
          .map(({process, times}) => [explainButton(process, shortId(process)), times > 1 ? ` ×${times} ` : " "])
          .concat(value.length > 3 ? `+${value.length - 3}` : []),
  state: stateMark,
  bytes,
  seconds,
  number,
  flag: (value) => (value ? "yes" : "no"),
  list: (value) => value.join(", "),
  text: String,
};
const kRight = new Set(["bytes", "seconds", "number"]);

function isNone(value) {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

function cell(value, type) {
  if (isNone(value)) return "–";
  return (kShow[type] ?? kShow.text)(value);
}

// columns: [{key, title, type, wide}]; sort: a key, "-key" for the largest first; choices: [[words, filter]].
export function listView(
    root, {kind, columns, sort = "", choices = [], example, options, again, above = null, drawRow = null}) {
  let offset = 0, order = sort, asked = options.get("filter") ?? "", wrong = "";

  const input = h("input", {
    type: "search",
    id: "filter",
    value: asked,
    placeholder: example,
    maxlength: 300,
    autocomplete: "off",
    spellcheck: "false"
  });
  const tools = h("div", {class: "tools"});
  const complaint = h("p", {class: "warning", role: "alert", hidden: true});
  const body = h("div", {class: "rows"});
  const pages = h("div", {class: "pages"});
  root.append(...(above === null ? [] : [above]), h("form", {class: "filters"}, h("label", { for: "filter"
                                                    }, "Filter"), input), tools, complaint, body, pages);

  function choose(filter) {
    asked = filter;
    input.value = filter;
    offset = 0;
    again();
  }

  root.querySelector("form.filters").addEventListener("submit", (event) => {
    event.preventDefault();
    choose(input.value.trim());
  });
  input.addEventListener("search", () => choose(input.value.trim()));
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button === null) return;
    if (button.dataset.filter !== undefined) choose(button.dataset.filter);
    if (button.dataset.sort !== undefined) {
      order = order === button.dataset.sort ? "-" + order : button.dataset.sort;
      offset = 0;
      again();
    }
    if (button.dataset.offset !== undefined) {
      offset = Number(button.dataset.offset);
      again();
    }
  });

  function showTools() {
    put(tools,
        choices.map(
            ([words, filter]) =>
                h("button", {type: "button", "data-filter": filter, "aria-pressed": String(filter === asked)}, words)));
  }

  function head({key, title, type}) {
    const by = order === key ? "ascending" : order === "-" + key ? "descending" : null;
    return h(
        "th", {"aria-sort": by, class: kRight.has(type) ? "right" : null},
        h("button", {type: "button", "data-sort": key}, title,
          h("span", {"aria-hidden": "true"},
            by === null            ? "" :
                by === "ascending" ? " ▲" :
                                     " ▼")));
  }

  function tableRow(row) {
    return h(
        "tr", {},
        columns.map(
            ({key, title, type, wide}) =>
                h("td", {
                  "data-title": title,
                  class: [
                    kRight.has(type) ? "right" : "", wide ? "wide" : "", isNone(row[key]) ? "none" : ""
                  ].join(" ").trim() ||
                      null
                },
                  cell(row[key], type))));
  }

  function showPages(total) {
    const last = Math.min(offset + kRows, total);
    const buttons = total > kRows ?
        [
          h("button", {type: "button", "data-offset": Math.max(0, offset - kRows), disabled: offset === 0}, "Previous"),
          h("button", {type: "button", "data-offset": offset + kRows, disabled: last >= total || last >= kMostRows},
            "Next")
        ] :
        [];
    put(pages, [
      h("span", {}, total === 0 ? "none" : `${number(offset + 1)}–${number(last)} of ${number(total)}`), buttons,
      last >= kMostRows && total > last ? h("span", {class: "quiet"}, "a filter shows others") : null
    ]);
  }

  async function poll() {
    showTools();
    let answer;
    try {
      answer = await ask("list", {
        kind,
        sort: order,
        offset,
        count: kRows,
        filter: asked.split(",").map((each) => each.trim()),
        columns: columns.map(({key}) => key).join(",")
      });
      wrong = "";
    } catch (error) {
      if (!error.wrong) throw error;
      wrong = error.message;
    }
    complaint.hidden = wrong === "" && !(answer?.warnings.length > 0);
    put(complaint, [wrong || answer.warnings.join("; ")]);
    if (wrong) return;
    put(body,
        drawRow !== null ? answer.rows.map(drawRow) : [h("table", {}, h("thead", {}, h("tr", {}, columns.map(head))),
                                                         h("tbody", {}, answer.rows.map(tableRow)))]);
    showPages(answer.total);
  }

  return {poll};
}
