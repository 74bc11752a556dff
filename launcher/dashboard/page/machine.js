// A node's GPUs as islands: a ring each, with the NVLinks as chords, or as one hub where every pair is joined alike.

import {s} from "./dom.js";
import {number} from "./words.js";

const kBox = 30;     // of a GPU
const kGap = 14;     // between islands
const kWidth = 296;  // of all

function radiusOf(count) {
  return count <= 1 ? 0 :
      count === 2   ? 30 :
                      Math.max(count > 4 ? 66 : 38, (kBox + 13) / (2 * Math.sin(Math.PI / count)));
}

function islandsOf(node) {
  const islands = new Map();
  for (const gpu of node.gpus ?? []) {
    if (!islands.has(gpu.island)) islands.set(gpu.island, []);
    islands.get(gpu.island).push(gpu);
  }
  return [...islands.values()];
}

// The speed of every pair, if all pairs are joined alike.
function uniformSpeed(gpus, links) {
  if (gpus.length < 4 || links.length !== (gpus.length * (gpus.length - 1)) / 2) return null;
  return links.every(({gbps}) => gbps === links[0].gbps) ? links[0].gbps : null;
}

// Left to right, in rows; each with its middle.
function layOut(islands) {
  let x = 0, y = 0, high = 0;
  const placed = islands.map((gpus) => {
    const radius = radiusOf(gpus.length), wide = 2 * radius + kBox + 8, tall = gpus.length === 2 ? kBox + 8 : wide;
    if (x > 0 && x + wide > kWidth) {
      x = 0;
      y += high + kGap;
      high = 0;
    }
    const island = {gpus, radius, x: x + wide / 2, y: y + tall / 2, tall, wide};
    x += wide + kGap;
    high = Math.max(high, tall);
    return island;
  });
  return {placed, width: Math.max(...placed.map((each) => each.x + each.wide / 2)), height: y + high};
}

// Where the GPU is on its island's ring; the first stands on top.
function spot(island, i) {
  if (island.gpus.length === 1) return [island.x, island.y];
  const angle = island.gpus.length === 2 ?
      Math.PI * (1 - i) :
      2 * Math.PI * (i / island.gpus.length) - Math.PI / 2 + Math.PI / island.gpus.length;
  return [island.x + island.radius * Math.cos(angle), island.y + island.radius * Math.sin(angle)];
}

function drawIsland(island, links, fastest, holderOf) {
  const inside = new Map(island.gpus.map((gpu, i) => [gpu.index, spot(island, i)]));
  const own = links.filter(({a, b}) => inside.has(a) && inside.has(b));
  const uniform = uniformSpeed(island.gpus, own);
  const drawn = [];
  if (island.gpus.length > 2) drawn.push(s("circle", {class: "ring", cx: island.x, cy: island.y, r: island.radius}));
  if (uniform !== null) {
    for (const [x, y] of inside.values())
      drawn.push(s("line", {class: "link", x1: island.x, y1: island.y, x2: x, y2: y, "stroke-width": 2}));
    drawn.push(
        s("circle", {class: "hub", cx: island.x, cy: island.y, r: Math.min(26, island.radius - kBox / 2 - 4)}),
        s("text", {class: "speed", x: island.x, y: island.y, "text-anchor": "middle"}, number(Math.round(uniform))),
        s("text", {class: "unit", x: island.x, y: island.y + 11, "text-anchor": "middle"}, "GB/s"));
  } else {
    for (const {a, b, gbps} of own) {
      const [[x1, y1], [x2, y2]] = [inside.get(a), inside.get(b)];
      drawn.push(
          s("line", {class: "link", x1, y1, x2, y2, "stroke-width": 1 + 3.5 * (gbps / fastest)},
            s("title", {}, `GPU ${a} to GPU ${b}: ${number(gbps)} GB/s`)));
    }
  }
  island.gpus.forEach((gpu, i) => drawn.push(drawGpu(gpu, spot(island, i), holderOf(gpu))));
  return drawn;
}

function drawGpu(gpu, [x, y], holder) {
  return s(
      "g", {class: "gpu"},
      s("rect", {class: holder.mark, x: x - kBox / 2, y: y - kBox / 2, width: kBox, height: kBox, rx: 6}),
      s("text", {class: holder.mark, x, y: holder.sign ? y - 1 : y + 4, "text-anchor": "middle"}, gpu.index),
      holder.sign ? s("text", {class: "sign " + holder.mark, x, y: y + 11, "text-anchor": "middle"}, holder.sign) :
                    null,
      s("title", {}, `GPU ${gpu.index}${gpu.model ? ", " + gpu.model : ""}: ${holder.words}`));
}

// holderOf(gpu): {mark, sign, words}: the class that colours it, a letter on it and a sentence. Null without GPUs.
export function drawMachine(node, holderOf) {
  const islands = islandsOf(node);
  if (islands.length === 0) return null;
  const {placed, width, height} = layOut(islands);
  const links = node.links ?? [];
  const fastest = Math.max(1, ...links.map(({gbps}) => gbps));
  const words = `${node.node}: ${
      islands.map((gpus, i) => `island ${i}: GPUs ${gpus.map(({index}) => index).join(" ")}`).join("; ")}`;
  return s(
      "svg", {class: "machine", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": words},
      placed.map((island) => drawIsland(island, links, fastest, holderOf)));
}
