"""From what was measured to the table: medians, spread, ratios, goals."""
import json
import statistics

from rows import LIMITS, SESSIONS

PEERS = ["ray", "ray_cpp", "hyperqueue"]
HEADS = {"atoll": "Atoll", "ray": "Ray", "ray_cpp": "Ray C++", "hyperqueue": "HyperQueue"}


class Figures:
    """The values of one system: {name: [value of a round...]}, and the counts that were chosen by time."""

    def __init__(self):
        self.values = {}
        self.counts = {}
        self.failures = {}  # name: why

    def add_line(self, line):
        """Takes "NAME VALUE [COUNT]"; anything else is left alone. Returns the name."""
        words = line.split()
        try:
            name, value = words[0], float(words[1])
            count = int(words[2]) if len(words) > 2 else None
        except (IndexError, ValueError):
            return None
        self.values.setdefault(name, []).append(value)
        if count is not None:
            self.counts.setdefault(name, []).append(count)
        return name

    def median(self, name):
        values = self.values.get(name)
        return statistics.median(values) if values else None

    def spread(self, name):
        values = self.values.get(name)
        return [min(values), max(values)] if values else None

    def medians(self):
        return {name: self.median(name) for name in self.values}


def times_better(row, ours, theirs):
    """How many times better ours is, whichever way better lies; None if it cannot be said."""
    if not ours or not theirs or ours < 0 or theirs < 0:
        return None
    return theirs / ours if row.less else ours / theirs


def meets(row, value, goal):
    if value is None or goal is None:
        return None
    return value <= goal if row.less else value >= goal


def result_of(row, figures, limits):
    """One row of the JSON, with the spread and the counts that its keys do not hold."""
    ours = figures["atoll"].median(row.name)
    goal = row.goal(limits) if callable(row.goal) else row.goal
    result = {"name": row.name, "title": row.title, "unit": row.unit, "atoll": ours}
    for peer in PEERS:
        result[peer] = figures[peer].median(row.name) if peer in figures else None
    result["limit"] = row.limit(limits) if row.limit else None
    result["ratio"] = times_better(row, ours, result["ray"])
    result["goal"], result["met"] = goal, meets(row, ours, goal)
    result["less_is_better"] = row.less
    result["spread"] = {who: f.spread(row.name) for who, f in figures.items() if f.spread(row.name)}
    result["counts"] = {who: f.counts[row.name] for who, f in figures.items() if row.name in f.counts}
    return result


def results(asked, figures, limits):
    """The rows that were asked for; a limit is in its own column."""
    rows = [result_of(row, figures, limits.medians())
            for session in SESSIONS.values() for row in session if row.name in asked]
    for row in LIMITS:
        if limits.median(row.name) is not None:
            empty = result_of(row, {"atoll": Figures()}, {})
            rows.append({**empty, "limit": limits.median(row.name), "spread": {"limit": limits.spread(row.name)}})
    return rows


def show(value):
    """Three digits that count, with separators: 1,230,000 and 0.0123."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    rounded = float("%.3g" % value)
    return "{:,.0f}".format(rounded) if abs(rounded) >= 100 else "%.3g" % rounded


def show_spread(spread):
    return "%s to %s" % tuple(map(show, spread)) if spread and spread[0] < spread[1] else ""


def table(rows, systems):
    """The rows as a table for a terminal, or for a page in Markdown; columns that nobody fills are left out."""
    columns = [("", lambda r: r["title"]), ("unit", lambda r: r["unit"]), ("Atoll", lambda r: show(r["atoll"])),
               ("min to max", lambda r: show_spread(r["spread"].get("atoll")))]
    for peer in systems:
        columns.append((HEADS[peer], lambda r, peer=peer: show(r[peer])))
        columns.append(("min to max", lambda r, peer=peer: show_spread(r["spread"].get(peer))))
    columns += [("better than Ray", lambda r: "x" + show(r["ratio"]) if r["ratio"] else ""),
                ("limit", lambda r: show(r["limit"])), ("goal", lambda r: show(r["goal"])),
                ("met", lambda r: {True: "yes", False: "no", None: ""}[r["met"]])]
    cells = [[head] + [cell(row) for row in rows] for head, cell in columns]
    cells = [column for column in cells if any(column[1:])]
    widths = [max(map(len, column)) for column in cells]
    lines = ["| " + " | ".join(text.ljust(width) if i < 2 else text.rjust(width)
                               for i, (text, width) in enumerate(zip(line, widths))) + " |" for line in zip(*cells)]
    rules = ["-" * (width + 2) if i < 2 else "-" * (width + 1) + ":" for i, width in enumerate(widths)]
    return "\n".join([lines[0], "|" + "|".join(rules) + "|"] + lines[1:])


def as_json(machine, rows, notes):
    return json.dumps({"machine": machine, "rows": rows, "notes": notes}, indent=1)


def notes_of(asked, figures, limits):
    """A sentence for each figure that is missing, and one for the counts, which differ."""
    rows = [row for session in SESSIONS.values() for row in session if row.name in asked]
    notes = []
    counts = [counts_of(row, figures) for row in rows]
    if any(counts):
        notes.append("How many at once, chosen by time or memory: %s." % "; ".join(filter(None, counts)))
    for who, f in list(figures.items()) + [("limits", limits)]:
        notes += ["%s of %s failed: %s." % (name, HEADS.get(who, who), why.rstrip("."))
                  for name, why in f.failures.items()]
    return notes


def counts_of(row, figures):
    each = [(HEADS[who], sorted(f.counts[row.name])) for who, f in figures.items() if row.name in f.counts]
    texts = ["%s %s" % (who, show_spread((n[0], n[-1])) or show(n[0])) for who, n in each]
    return "%s: %s" % (row.title, ", ".join(texts)) if texts else ""


def headline(facts):
    versions = ", ".join("%s %s" % pair for pair in facts["versions"].items())
    text = "Medians of %d interleaved rounds, each of %g s a row; %d CPUs, %s, load %.1f" % (
        facts["rounds"], facts["seconds"], len(facts["cpus"]), facts["model"], facts["load"])
    return text + (versions and "; " + versions)
