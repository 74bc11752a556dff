// The cluster at a glance: what it has, what is used, and the nodes with what is placed on them.

import {h, put} from "./dom.js";
import {explainButton} from "./explain.js";
import {drawMachine} from "./machine.js";
import {ask} from "./server.js";
import {stateMark} from "./table.js";
import {bytesOf, count, number, numberOf, shortId} from "./words.js";

const kCards = 12;      // nodes on a page
const kManyNodes = 48;  // from here on holders are asked of the nodes on the page alone
const kColours = 8;
const kNodeColumns = "node,state,cause,cpu,cpu_free,gpu,gpu_free,memory,memory_free,workers,actors," +
    "object_memory,object_memory_used,gpus,links,fabric";

// ----------------------------------------------------------------------------- amounts

function bar(title, used, total, words) {
  if (!(total > 0)) return null;
  const percent = Math.round((100 * used) / total);
  return h(
      "div", {class: "amount"}, h("span", {}, title),
      h("meter", {min: 0, max: 100, value: percent, "aria-label": title}, `${percent} %`),
      h("span", {class: "right"}, words(used, total)));
}

function tile(title, value, detail) {
  return h("div", {class: "tile"}, h("span", {class: "quiet"}, title), h("b", {}, value), detail);
}

function usageTile(title, {total, free}, words) {
  if (!(total > 0)) return tile(title, "–", h("span", {class: "quiet"}, "none"));
  const percent = Math.round((100 * (total - free)) / total);
  return tile(
      title, words(total - free, total),
      h("meter", {min: 0, max: 100, value: percent, "aria-label": title}, `${percent} %`));
}

function tiles(summary) {
  const {nodes, cpu, gpu, memory, object_memory: object} = summary;
  const lost = nodes.dead > 0 ? h("span", {class: "state bad"}, `${number(nodes.dead)} dead`) :
      nodes.joining > 0 ? h("span", {class: "state under"}, `${number(nodes.joining)} joining`) :
                          h("span", {class: "quiet"}, "all alive");
  return [
    tile("Nodes", number(nodes.alive), lost), usageTile("GPUs used", gpu, numberOf),
    usageTile("CPUs used", cpu, numberOf), usageTile("Memory", memory, bytesOf),
    usageTile("Object memory", object, bytesOf),
    tile("Actors", number(summary.actors), h("a", {href: "#workers"}, `of ${count(summary.workers, "worker")}`)),
    tile("Groups", number(summary.groups), h("a", {href: "#groups"}, "where they are")),
    tile(
        "Drivers", number(summary.jobs),
        summary.requests + summary.waiting > 0 ?
            h("a", {href: "#trouble"}, `${number(summary.requests + summary.waiting)} wait for room`) :
            h("span", {class: "quiet"}, "nobody waits for room"))
  ];
}

// ----------------------------------------------------------------------------- who has which GPU

// Colours and letters of those who hold GPUs, the same for as long as the page is open.
function makeLegend() {
  const known = new Map();
  return {
    of(key, words) {
      if (!known.has(key)) known.set(key, {mark: "hue" + (known.size % kColours), sign: sign(known.size), seen: false});
      return Object.assign(known.get(key), {words, seen: true});
    },
    begin() {
      for (const each of known.values()) each.seen = false;
    },
    shown() {
      return [...known].filter(([, each]) => each.seen);
    },
  };
}

// a … z, aa …
function sign(i) {
  return (i >= 26 ? sign(Math.floor(i / 26) - 1) : "") + String.fromCharCode(97 + (i % 26));
}

// "n1 3" → {worker, place}: who holds a GPU by node and index.
async function findHolders(nodes, many) {
  const found = new Map();
  const put = (node, gpu, entry) => found.set(`${node} ${gpu}`, {...found.get(`${node} ${gpu}`), ...entry});
  const names =
      many ? nodes.filter(({state, gpus}) => state === "alive" && gpus?.length > 0).map(({node}) => node) : [null];
  for (const name of names) {
    const groups = await ask(
        "list", {kind: "groups", columns: "id,name,places", count: 1000, filter: name ? `nodes=${name}` : []});
    for (const group of groups.rows)
      for (const place of group.places ?? [])
        for (const gpu of place.gpus)
          put(place.node, gpu, {group: group.id, groupName: group.name, bundle: place.bundle});
    const workers = await ask("list", {
      kind: "workers",
      columns: "id,node,pid,work,gpus,actor",
      count: 2000,
      filter: ["gpus~", name ? `node=${name}` : ""]
    });
    for (const worker of workers.rows)
      for (const gpu of worker.gpus) put(worker.node, gpu, {worker});
  }
  return found;
}

function holderIn(legend, holders, node) {
  return (gpu) => {
    const entry = holders.get(`${node.node} ${gpu.index}`);
    const part = gpu.free > 0 && gpu.free < 1 ? `, ${number(1 - gpu.free)} of it given out` : "";
    const work = entry?.worker ? `${entry.worker.work}, process ${entry.worker.pid}` : "";
    if (entry?.group) {
      const name = `group ${entry.groupName ?? shortId(entry.group)}`;
      const {mark, sign: letter} = legend.of(entry.group, name);
      return {
        mark: mark + (work ? "" : " reserved"),
        sign: letter,
        words: `${name}, bundle ${entry.bundle}${work ? ", " + work : ", nobody works in it"}${part}`
      };
    }
    if (entry?.worker) {
      const key = entry.worker.actor ?? "tasks";
      const {mark, sign: letter} =
          legend.of(key, entry.worker.actor ? `${entry.worker.work} ${shortId(key)}` : "tasks");
      return {mark, sign: letter, words: work + part};
    }
    return gpu.free === 1 ? {mark: "free", sign: "", words: "free"} :
                            {mark: "held", sign: "", words: "given out" + part};
  };
}

function legendList(legend) {
  return [
    h("li", {}, h("span", {class: "swatch free"}), "free"),
    legend.shown().slice(0, 24).map(
        ([key, {mark, sign: letter, words}]) =>
            h("li", {}, h("span", {class: "swatch " + mark}, letter),
              key === "tasks" ? words : explainButton(key, words))),
    legend.shown().length > 24 ? h("li", {class: "quiet"}, `and ${number(legend.shown().length - 24)} more`) : null
  ];
}

// ----------------------------------------------------------------------------- nodes

function card(node, holderOf) {
  const alive = node.state === "alive";
  const used = (key) => node[key] - (node[key + "_free"] ?? 0);
  return h(
      "article", {class: "card" + (alive ? "" : " gone"), "data-node": node.node},
      h("h3", {}, explainButton(node.node), " ", stateMark(node.state)),
      node.cause ? h("p", {class: "warning"}, node.cause) : null,
      alive ?
          [
            drawMachine(node, holderOf), bar("GPUs", used("gpu"), node.gpu, numberOf),
            bar("CPUs", used("cpu"), node.cpu, numberOf), bar("memory", used("memory"), node.memory, bytesOf),
            bar("objects", node.object_memory_used, node.object_memory, bytesOf),
            h("p", {class: "quiet"},
              `${count(node.workers, "worker")}, ${count(node.actors, "actor")}${
                  node.fabric ? ", fabric " + node.fabric.slice(0, 8) : ""}`)
          ] :
          null);
}

// All nodes as one square each, the fuller the darker: a click goes to the page on which the node is.
function heatMap(go) {
  const canvas = h("canvas", {role: "img"});
  let columns = 1, count = 0, cell = 12;  // pixels
  canvas.addEventListener("click", (event) => {
    const [column, row] = [Math.floor(event.offsetX / cell), Math.floor(event.offsetY / cell)];
    const rank = row * columns + column;
    if (column < columns && rank < count) go(rank);
  });
  return {
    canvas,
    draw(used) {
      const style = getComputedStyle(canvas), scale = devicePixelRatio;
      const width = canvas.parentElement.clientWidth;
      count = used.length;
      cell = count > 2000 ? 7 : 12;
      columns = Math.max(1, Math.floor(width / cell));
      const height = Math.ceil(count / columns) * cell;
      canvas.width = width * scale;
      canvas.height = height * scale;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      const context = canvas.getContext("2d");
      context.scale(scale, scale);
      used.forEach((percent, rank) => {
        const x = (rank % columns) * cell, y = Math.floor(rank / columns) * cell, side = cell - (cell > 8 ? 2 : 1);
        context.globalAlpha = 1;
        context.fillStyle = style.getPropertyValue(percent === null ? "--bad" : "--line");
        context.fillRect(x, y, side, side);
        if (percent === null) return;
        context.globalAlpha = percent / 100;
        context.fillStyle = style.getPropertyValue("--accent");
        context.fillRect(x, y, side, side);
      });
      const alive = used.filter((percent) => percent !== null);
      const mean = alive.length > 0 ? Math.round(alive.reduce((sum, each) => sum + each, 0) / alive.length) : 0;
      canvas.setAttribute(
          "aria-label",
          `${used.length} nodes, ${used.length - alive.length} not alive, ${
              mean} % of the others given out on the mean`);
    },
  };
}

export function overview(root, options, again) {
  const legend = makeLegend();
  let offset = 0;
  const above = h("div", {class: "tiles"}), key = h("ul", {class: "legend", "aria-label": "Who has the GPUs"});
  const cards = h("div", {class: "cards"}), pages = h("div", {class: "pages"});
  const map = heatMap((rank) => go(Math.floor(rank / kCards) * kCards));
  const mapBox = h(
      "section", {class: "map", hidden: true}, h("h2", {}, "All nodes"),
      h("p", {class: "quiet"},
        "One square a node, by rank: the darker, the more of its GPUs or CPUs is given out. Red: not alive. " +
          "A click shows it below."),
      h("div", {}, map.canvas));
  root.append(above, mapBox, key, cards, pages);

  function go(to) {
    offset = to;
    again();
  }
  pages.addEventListener("click", (event) => {
    const button = event.target.closest("[data-offset]");
    if (button) go(Number(button.dataset.offset));
  });

  return {
    async poll(summary) {
      const total = summary.used.length, many = total > kManyNodes;
      put(above, tiles(summary));
      mapBox.hidden = total <= kCards;
      if (total > kCards) map.draw(summary.used);
      const {rows} = await ask("list", {kind: "nodes", columns: kNodeColumns, offset, count: kCards});
      const holders = summary.gpu.total > 0 ? await findHolders(rows, many) : new Map();
      legend.begin();
      put(cards, rows.map((node) => card(node, holderIn(legend, holders, node))));
      key.hidden = summary.gpu.total === 0;
      put(key, legendList(legend));
      const last = Math.min(offset + kCards, total);
      put(pages,
          total > kCards ?
              [
                h("span", {}, `${number(offset + 1)}–${number(last)} of ${count(total, "node")}`),
                h("button", {type: "button", "data-offset": Math.max(0, offset - kCards), disabled: offset === 0},
                  "Previous"),
                h("button", {type: "button", "data-offset": offset + kCards, disabled: last >= total}, "Next")
              ] :
              []);
    },
  };
}
