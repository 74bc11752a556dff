// Values as people read them.

const kUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

function unitOf(n) {
  let unit = 0;
  while (n >= 1024 && unit + 1 < kUnits.length) {
    n /= 1024;
    unit++;
  }
  return unit;
}

function inUnit(n, unit) {
  return Number((n / 1024 ** unit).toFixed(n >= 100 * 1024 ** unit ? 0 : 1)).toString();
}

export function bytes(n) {
  if (n === null || n === undefined) return "–";
  const unit = unitOf(n);
  return inUnit(n, unit) + " " + kUnits[unit];
}

// "24 / 64 GiB": both in the unit of the larger.
export function bytesOf(used, total) {
  const unit = unitOf(total);
  return `${inUnit(used, unit)} / ${inUnit(total, unit)} ${kUnits[unit]}`;
}

export function seconds(n) {
  if (n === null || n === undefined) return "–";
  if (n < 1) return n.toFixed(2) + " s";
  if (n < 10) return n.toFixed(1) + " s";
  if (n < 60) return Math.floor(n) + " s";
  if (n < 3600) return Math.floor(n / 60) + " min";
  if (n < 172800) return Math.floor(n / 3600) + " h " + Math.floor((n % 3600) / 60) + " min";
  return Math.floor(n / 86400) + " days";
}

export function number(n) {
  if (n === null || n === undefined) return "–";
  return (Math.round(n * 10000) / 10000).toLocaleString("en-US", {maximumFractionDigits: 4});
}

// "115K": of what is counted in many thousands.
export function compact(n) {
  return n < 10000 ? number(n) : n.toLocaleString("en-US", {notation: "compact", maximumFractionDigits: 1});
}

export function numberOf(used, total) {
  return `${compact(used)} / ${compact(total)}`;
}

export function count(n, noun) {
  return number(n) + " " + noun + (n === 1 ? "" : "s");
}

// Whole ids are long: the process cut short, and what it counted.
export function shortId(id) {
  const at = id.indexOf("-");
  return at < 0 ? id.slice(0, 6) : id.slice(0, Math.min(6, at)) + id.slice(at);
}
