// Lines over time, as wide as there is room.

import {h, put, s} from "./dom.js";
import {compact, number, seconds} from "./words.js";

const kHeight = 150, kTop = 10, kBottom = 22, kLeft = 46, kRight = 8;
const kShortest = 60;  // seconds that the axis shows at least

// How fast a sum grew up to each sample: value(sample, the one before).
export function latestRate(key) {
  return (sample, before) => {
    if (before === undefined || before.ago <= sample.ago) return 0;
    return Math.max(0, sample[key] - before[key]) / (before.ago - sample.ago);
  };
}

// 1, 2 or 5 times a power of ten, at least `most`.
function ceiling(most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(most, 1)));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= most) ?? most;
}

// series: [{words, mark, value(sample, before)}]; `mark` is a class.
export function chart(figure, title, samples, series) {
  const width = Math.max(260, figure.clientWidth);
  const values = series.map(({value}) => samples.map((sample, i) => value(sample, samples[i - 1])));
  const most = ceiling(Math.max(1, ...values.flat()));
  const span = Math.max(kShortest, ...samples.map(({ago}) => ago));
  const x = (ago) => width - kRight - ((width - kLeft - kRight) * ago) / span;
  const y = (value) => kHeight - kBottom - ((kHeight - kTop - kBottom) * value) / most;
  const last = values.map((each) => each.at(-1) ?? 0);

  const lines = [0, most / 2, most].map(
      (value) =>
          [s("line", {class: "grid", x1: kLeft, x2: width - kRight, y1: y(value), y2: y(value)}),
           s("text", {class: "tick", x: kLeft - 6, y: y(value) + 4, "text-anchor": "end"}, compact(value))]);
  const times = [
    s("text", {class: "tick", x: kLeft, y: kHeight - 5}, `${seconds(Math.round(span))} ago`),
    s("text", {class: "tick", x: width - kRight, y: kHeight - 5, "text-anchor": "end"}, "now")
  ];
  const curves =
      values.map((each, k) => s("polyline", {
                   class: "curve " + series[k].mark,
                   points: each.map((value, i) => `${x(samples[i].ago).toFixed(1)},${y(value).toFixed(1)}`).join(" ")
                 }));
  const words = series.map(({words}, k) => `${words} ${number(Math.round(last[k] * 10) / 10)}`).join(", ");

  put(figure, [
    h("figcaption", {}, h("b", {}, title),
      series.map(
          ({words, mark}, k) =>
              h("span", {class: "key " + mark}, words + " ", h("b", {}, number(Math.round(last[k] * 10) / 10))))),
    s("svg",
      {viewBox: `0 0 ${width} ${kHeight}`, width, height: kHeight, role: "img", "aria-label": `${title}: ${words}`},
      lines, times, curves)
  ]);
}
