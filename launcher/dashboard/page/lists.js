// The views that are lists.

import {chart, latestRate} from "./chart.js";
import {h, put} from "./dom.js";
import {explainButton} from "./explain.js";
import {ask} from "./server.js";
import {listView, stateMark} from "./table.js";
import {count, number, seconds, shortId} from "./words.js";

function heading(words, explanation) {
  return h("div", {class: "heading"}, h("h2", {}, words), h("p", {class: "quiet"}, explanation));
}

export function actors(root, options, again) {
  return listView(root, {
    kind: "actors",
    options,
    again,
    example: "state=pending, class~Train, node=n2",
    above: heading("Actors", "Processes with state. An id explains itself."),
    choices: [
      ["all", ""], ["alive", "state=alive"], ["pending", "state=pending"], ["restarting", "state=restarting"],
      ["dead", "state=dead"]
    ],
    columns: [
      {key: "id", title: "id", type: "id"}, {key: "name", title: "name"}, {key: "class", title: "class"},
      {key: "state", title: "state", type: "state"}, {key: "seconds", title: "for", type: "seconds"},
      {key: "node", title: "node", type: "node"}, {key: "needs", title: "needs"},
      {key: "group", title: "group", type: "id"}, {key: "bundle", title: "bundle", type: "number"},
      {key: "starts", title: "starts", type: "number"}, {key: "why", title: "why", wide: true}
    ],
  });
}

export function workers(root, options, again) {
  return listView(root, {
    kind: "workers",
    options,
    again,
    example: "state=working, node=n2, memory>2GiB",
    sort: "-memory",
    above: heading("Workers", "The processes that run tasks or host an actor."),
    choices: [
      ["all", ""], ["working", "state=working"], ["idle", "state=idle"], ["waiting", "state=waiting"],
      ["with GPUs", "gpus~"]
    ],
    columns: [
      {key: "id", title: "id", type: "id"}, {key: "node", title: "node", type: "node"}, {key: "pid", title: "pid"},
      {key: "state", title: "state", type: "state"}, {key: "work", title: "work"},
      {key: "seconds", title: "for", type: "seconds"}, {key: "memory", title: "memory", type: "bytes"},
      {key: "cpu", title: "CPUs", type: "number"}, {key: "gpus", title: "GPUs", type: "list"},
      {key: "why", title: "why", wide: true}
    ],
  });
}

export function objects(root, options, again) {
  return listView(root, {
    kind: "objects",
    options,
    again,
    example: "bytes>100MiB, node=n2, state=dropped",
    sort: "-bytes",
    above: heading("Objects", "Copies in the nodes' object memory: values of 100,000 bytes and more."),
    choices: [
      ["all", ""], ["held", "state=held"], ["idle", "state=idle"], ["dropped, still held", "state=dropped"],
      ["being fetched", "state=fetched"]
    ],
    columns: [
      {key: "id", title: "id", type: "id"}, {key: "node", title: "node", type: "node"},
      {key: "bytes", title: "size", type: "bytes"}, {key: "state", title: "state", type: "state"},
      {key: "owner", title: "owner", type: "id"}, {key: "holders", title: "held by", type: "holders"},
      {key: "copiers", title: "copied by", type: "number"}, {key: "fetched_from", title: "fetched from", type: "node"}
    ],
  });
}

export function jobs(root, options, again) {
  return listView(root, {
    kind: "jobs",
    options,
    again,
    example: "state=running, program~train",
    above: heading("Drivers", "The programs that use this cluster."),
    choices: [["all", ""], ["running", "state=running"], ["ended", "state=ended"]],
    columns: [
      {key: "id", title: "id", type: "id"}, {key: "state", title: "state", type: "state"},
      {key: "seconds", title: "for", type: "seconds"}, {key: "host", title: "host"}, {key: "pid", title: "pid"},
      {key: "actors", title: "actors", type: "number"}, {key: "groups", title: "groups", type: "number"},
      {key: "requests", title: "waiting", type: "number"}, {key: "program", title: "program", wide: true}
    ],
  });
}

const kMostPlaces = 128;

function places(group) {
  const nodes = new Map();
  for (const place of group.places.slice(0, kMostPlaces)) {
    const node = place.node ?? "";
    if (!nodes.has(node)) nodes.set(node, []);
    nodes.get(node).push(place);
  }
  return [...nodes].map(
      ([node, all]) =>
          h("div", {class: "places"}, node === "" ? h("span", {class: "quiet"}, "no place yet") : explainButton(node),
            h("ol", {},
              all.map(({bundle,
                        gpus}) => h("li", {}, h("b", {}, bundle), gpus.length > 0 ? " GPU " + gpus.join(", ") : "")))));
}

function groupBlock(group) {
  return h(
      "article", {class: "block"},
      h("h3", {}, explainButton(group.id, group.name ?? shortId(group.id)), " ", stateMark(group.state)),
      h("p", {},
        `${group.strategy}, ${group.needs}: ${number(group.placed)} of ${count(group.bundles, "bundle")} placed`,
        group.within && group.within !== "cluster" ? `, within ${group.within}` : ""),
      group.why ? h("p", {class: "warning"}, group.why) : null, places(group),
      group.places.length > kMostPlaces ?
          h("p", {class: "quiet"}, `and ${number(group.places.length - kMostPlaces)} more bundles`) :
          null);
}

export function groups(root, options, again) {
  return listView(root, {
    kind: "groups",
    options,
    again,
    example: "state=pending, name~train, nodes=n2",
    above: heading("Placement groups", "A bundle's number is its rank: node after node, along the ring of NVLinks."),
    choices: [
      ["all", ""], ["created", "state=created"], ["pending", "state=pending"], ["rescheduling", "state=rescheduling"],
      ["infeasible", "state=infeasible"]
    ],
    columns: ["id", "name", "strategy", "within", "state", "bundles", "placed", "needs", "why", "places"].map(
        (key) => ({key})),
    drawRow: groupBlock,
  });
}

export function tasks(root, options, again) {
  const now = h("figure", {}), ended = h("figure", {});
  const list = listView(root, {
    kind: "tasks",
    options,
    again,
    example: "state=queued, function~train, node=n2",
    above:
        h("div", {}, heading("Tasks and calls", "Those that have not ended, and the last errors of each owner."),
          h("div", {class: "charts"}, now, ended)),
    choices: [
      ["all", ""], ["running", "state=running"], ["queued", "state=queued"], ["sent", "state=sent"],
      ["waiting for arguments", "state=arguments"], ["failed", "state=failed"]
    ],
    columns: [
      {key: "id", title: "id", type: "id"}, {key: "function", title: "function"},
      {key: "state", title: "state", type: "state"}, {key: "seconds", title: "since", type: "seconds"},
      {key: "node", title: "node", type: "node"}, {key: "owner", title: "owner", type: "id"},
      {key: "actor", title: "actor", type: "id"}, {key: "needs", title: "needs"},
      {key: "waits_for", title: "waits for", type: "ids"}, {key: "why", title: "why", wide: true}
    ],
  });
  return {
    async poll(summary) {
      const {samples} = await ask("history");
      chart(now, "Not ended yet", samples, [
        {words: "running or sent", mark: "one", value: (each) => each.running},
        {words: "queued", mark: "two", value: (each) => each.queued},
        {words: "waiting for arguments", mark: "three", value: (each) => each.waiting}
      ]);
      chart(ended, "Ended per second", samples, [
        {words: "finished", mark: "one", value: latestRate("finished")},
        {words: "failed", mark: "bad", value: latestRate("failed")}
      ]);
      await list.poll(summary);
    },
  };
}

// ----------------------------------------------------------------------------- trouble

// Requests for the same are one, of more workers.
function alike(rows) {
  const merged = new Map();
  for (const row of rows) {
    const key = JSON.stringify([row.needs, row.where, row.why]);
    merged.set(key, {...row, count: row.count + (merged.get(key)?.count ?? 0)});
  }
  return [...merged.values()];
}

const kTroubles = [
  {
    title: "Nodes that died",
    kind: "nodes",
    filter: "state=dead",
    columns: "node,seconds,cause",
    say: (row) => [explainButton(row.node), ` died ${seconds(row.seconds)} ago: ${row.cause}`]
  },
  {
    title: "Odd things that nodes say",
    kind: "nodes",
    filter: "warnings~",
    columns: "node,warnings",
    say: (row) => [explainButton(row.node), ": " + row.warnings.join("; ")]
  },
  {
    title: "Groups without a place",
    kind: "groups",
    filter: "state!=created",
    columns: "id,name,state,needs,why",
    list: "groups",
    say: (row) =>
        [explainButton(row.id, row.name ?? shortId(row.id)), " ", stateMark(row.state), ` ${row.why ?? row.needs}`]
  },
  {
    title: "Actors that wait",
    kind: "actors",
    filter: ["state!=alive", "state!=dead"],
    columns: "id,name,class,state,seconds,why",
    list: "actors",
    say: (row) =>
        [explainButton(row.id, row.name ?? shortId(row.id)), ` ${row.class} `, stateMark(row.state),
         ` for ${seconds(row.seconds)}: ${row.why ?? ""}`]
  },
  {
    title: "Actors that died",
    kind: "actors",
    filter: "state=dead",
    columns: "id,name,class,seconds,why",
    list: "actors",
    say: (row) =>
        [explainButton(row.id, row.name ?? shortId(row.id)),
         ` ${row.class}, ${seconds(row.seconds)} ago: ${row.why ?? "ended"}`]
  },
  {
    title: "Workers wanted, and no room",
    kind: "requests",
    filter: [],
    columns: "id,count,needs,where,why",
    rows: 200,
    merge: alike,
    say: (row) => [`${count(row.count, "worker")} with ${row.needs}${row.where ? ` (${row.where})` : ""}: ${row.why}`]
  },
  {
    title: "Tasks and calls that failed",
    kind: "tasks",
    filter: "state=failed",
    columns: "id,function,seconds,node,error,why",
    list: "tasks",
    say: (row) =>
        [explainButton(row.id, shortId(row.id)),
         ` ${row.function}, ${seconds(row.seconds)} ago${row.node ? " on " + row.node : ""}, ${row.error}: ${
             row.why ?? ""}`]
  },
];
const kTroubleRows = 8;

export function trouble(root) {
  const body = h("div", {});
  root.append(heading("Trouble", "What is not well, and why. An id says what to try."), body);

  function section({title, filter, list, say, merge = (rows) => rows}, answer) {
    if (answer.total === 0) return null;
    const rows = merge(answer.rows).slice(0, kTroubleRows);
    const filters = [filter].flat().join(",");
    return h(
        "section", {class: "block"}, h("h3", {}, `${title}: ${number(answer.total)}`),
        h("ul", {class: "sentences"}, rows.map((row) => h("li", {}, say(row)))),
        answer.total > rows.length && list ?
            h("p", {}, h("a", {href: `#${list}?filter=${encodeURIComponent(filters)}`}, "all of them")) :
            null,
        answer.warnings.map((warning) => h("p", {class: "warning"}, warning)));
  }

  return {
    async poll() {
      const sections = [];
      for (const each of kTroubles)
        sections.push(section(each, await ask("list", {
          kind: each.kind,
          filter: each.filter,
          columns: each.columns,
          count: each.rows ?? kTroubleRows
        })));
      const shown = sections.filter((each) => each !== null);
      put(body, shown.length > 0 ? shown : [h("p", {class: "empty"}, "Nothing is wrong that the cluster knows of.")]);
    },
  };
}
