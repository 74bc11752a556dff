#include "launcher/top_view.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "runtime/base/words.h"

namespace Atoll {
namespace {

constexpr std::size_t kPage = 10;
constexpr std::size_t kMostTyped = 60;

// Letters as a terminal counts them, near enough: every UTF-8 sequence is one.
bool begins_letter(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

std::size_t width_of(const std::string& text) { return static_cast<std::size_t>(std::ranges::count_if(text, begins_letter)); }

// At most `width` letters, none of which moves the cursor.
std::string clipped(const std::string& text, std::size_t width) {
  std::string out;
  std::size_t letters = 0;
  for (const char byte : text) {
    if (begins_letter(byte) && ++letters > width) break;
    out += static_cast<unsigned char>(byte) < ' ' || byte == '\x7f' ? '?' : byte;
  }
  return out;
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string cut = clipped(text, width);
  const std::string blanks(width - std::min(width, width_of(cut)), ' ');
  return right ? blanks + cut : cut + blanks;
}

std::string whole(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f", number);
  return text;
}

// A fraction of a GPU or CPU may be held.
std::string part(double held, double total) {
  char text[64];
  std::snprintf(text, sizeof text, held == std::floor(held) ? "%.0f/%.0f" : "%.1f/%.0f", held, total);
  return text;
}

std::string bytes(double count) { return format_bytes(static_cast<std::uint64_t>(std::max(0.0, count))); }
std::string bytes_of(double used, double total) { return bytes(used) + "/" + bytes(total); }
std::string percent(double share) { return whole(100 * share); }

// A column of a table. `rank` says which goes first where there is no room: the highest; 0 never does.
struct Column {
  const char* title;
  std::size_t width;
  bool right;
  int rank;
};

// The columns for which there is room, each with a blank behind it; the last may have the rest.
std::vector<std::size_t> fitting(std::vector<Column> columns, std::size_t width) {
  std::vector<std::size_t> kept;
  for (int most = 9; most >= 0; --most) {
    kept.clear();
    std::size_t sum = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].rank > most) continue;
      kept.push_back(i);
      sum += columns[i].width + 1;
    }
    if (sum <= width + 1) break;
  }
  return kept;
}

std::string row_text(const std::vector<Column>& columns, const std::vector<std::size_t>& kept, const std::vector<std::string>& cells,
                     std::size_t width) {
  std::string text;
  for (const std::size_t i : kept) {
    if (!text.empty()) text += ' ';
    const std::size_t left = width - std::min(width, width_of(text));
    const bool last = i == kept.back();
    text += padded(cells[i], last ? left : std::min(left, columns[i].width), columns[i].right && !last);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::vector<std::string> titles_of(const std::vector<Column>& columns) {
  std::vector<std::string> titles;
  for (const Column& column : columns) titles.push_back(column.title);
  return titles;
}

const std::vector<Column> kNodeColumns = {{"NODE", 12, false, 0},     {"CPU%", 5, true, 0},     {"CPUS", 7, true, 4},  {"GPUS", 6, true, 2},
                                          {"MEMORY", 19, false, 3},   {"OBJECTS", 19, false, 5}, {"QUEUE", 5, true, 1}};

std::vector<std::string> cells_of(const TopNode& node) {
  if (!node.alive()) return {node.name, "", "", "", node.state, "", ""};
  return {node.name, percent(node.cpu > 0 ? node.cpu_used / node.cpu : 0), part(node.cpu_held, node.cpu), part(node.gpu_held, node.gpu),
          bytes_of(node.memory_used, node.memory), bytes_of(node.arena_used, node.arena), whole(node.waiting)};
}

const std::vector<Column> kProcessColumns = {{"PROCESS", 8, false, 5}, {"NODE", 12, false, 1}, {"CPU%", 5, true, 0}, {"MEMORY", 9, true, 2},
                                             {"STATE", 11, false, 3},  {"GPUS", 5, false, 4},  {"WORK", 12, false, 0}};

std::vector<std::string> cells_of(const TopProcess& process) {
  return {process.pid, process.node, percent(process.cpu_used), bytes(process.memory), process.state, process.gpus, process.work};
}

bool has(const std::string& text, const std::string& word) { return text.find(word) != std::string::npos; }
bool passes(const TopNode& node, const std::string& filter) { return filter.empty() || has(node.name, filter) || has(node.state, filter); }
bool passes(const TopProcess& process, const std::string& filter) {
  return filter.empty() || has(process.work, filter) || has(process.node, filter) || has(process.state, filter) ||
         has(process.pid, filter) || has(process.id, filter);
}

std::vector<const TopProcess*> chosen_processes(const TopData& data, const TopView& view) {
  std::vector<const TopProcess*> chosen;
  for (const TopProcess& process : data.processes)
    if (passes(process, view.filter)) chosen.push_back(&process);
  std::ranges::stable_sort(chosen, [&view](const TopProcess* a, const TopProcess* b) {
    switch (view.sort) {
      case TopSort::kCpu: return a->cpu_used > b->cpu_used;
      case TopSort::kMemory: return a->memory > b->memory;
      case TopSort::kWork: return a->work < b->work;
      case TopSort::kNode: return a->node < b->node;
    }
    return false;
  });
  return chosen;
}

// A filter that no node passes is about processes.
std::vector<const TopNode*> chosen_nodes(const TopData& data, const TopView& view) {
  std::vector<const TopNode*> chosen;
  for (const TopNode& node : data.nodes)
    if (passes(node, view.filter)) chosen.push_back(&node);
  if (chosen.empty())
    for (const TopNode& node : data.nodes) chosen.push_back(&node);
  std::ranges::stable_sort(chosen, [](const TopNode* a, const TopNode* b) {
    if (a->alive() != b->alive()) return b->alive();  // what is wrong is seen first
    return a->cpu_used * std::max(1.0, b->cpu) > b->cpu_used * std::max(1.0, a->cpu);
  });
  return chosen;
}

std::string title_of(const TopData& data, const TopView& view) {
  const auto alive = std::ranges::count_if(data.nodes, [](const TopNode& node) { return node.alive(); });
  std::string text = data.cluster + ": " + std::to_string(alive) + " of " + std::to_string(data.nodes.size()) + " nodes";
  double cpu = 0, cpu_used = 0, gpu = 0, gpu_held = 0, waiting = data.requests;
  for (const TopNode& node : data.nodes) {
    if (!node.alive()) continue;
    cpu += node.cpu;
    cpu_used += node.cpu_used;
    gpu += node.gpu;
    gpu_held += node.gpu_held;
    waiting += node.waiting;
  }
  text += ", CPU " + percent(cpu > 0 ? cpu_used / cpu : 0) + "%";
  if (gpu > 0) text += ", GPU " + part(gpu_held, gpu);
  text += ", " + whole(waiting) + " waiting";
  if (!view.filter.empty()) text += ", only " + view.filter;
  return text;
}

constexpr const char* kHelp[] = {
    "q          leave",
    "up, down   the processes, one by one; also page up, page down, home",
    "s          order them by cpu, memory, work or node, the next of these",
    "/          only what has a word: type it, then Enter; Escape for all",
    "h, ?       this help, and back",
    "",
    "CPU%       of a node: what its workers used of its CPUs; of a process: of one CPU",
    "CPUS GPUS  held by tasks, actors and placement groups, of all",
    "MEMORY     what workers have, of what tasks may have",
    "OBJECTS    object memory in use, of all",
    "QUEUE      leases, actors and objects that wait for room on the node",
};

std::string bottom_of(const TopView& view, std::size_t shown, std::size_t all) {
  if (view.typing) return "only: " + view.typed + "_";
  return std::to_string(std::min(view.first + 1, all)) + "-" + std::to_string(view.first + shown) + " of " + std::to_string(all) +
         " processes by " + kTopSorts[static_cast<std::size_t>(view.sort)] + "   q quit  s sort  / filter  h help";
}

}  // namespace

Result<TopSort> parse_top_sort(const std::string& word) {
  for (std::size_t i = 0; i < std::size(kTopSorts); ++i)
    if (word == kTopSorts[i]) return static_cast<TopSort>(i);
  return Status(Code::kInvalidArgument, "--sort=" + word + " is none of cpu, memory, work and node");
}

bool take_key(TopView& view, TopKey key, char letter) {
  if (key == TopKey::kInterrupt) return true;
  if (view.typing) {
    if (key == TopKey::kEnter) view.filter = view.typed, view.first = 0;
    if (key == TopKey::kEnter || key == TopKey::kEscape) view.typing = false;
    if (key == TopKey::kErase && !view.typed.empty()) view.typed.pop_back();
    if (key == TopKey::kOther && letter >= ' ' && view.typed.size() < kMostTyped) view.typed += letter;
    return false;
  }
  if (key == TopKey::kUp) view.first -= std::min<std::size_t>(view.first, 1);
  if (key == TopKey::kDown) ++view.first;
  if (key == TopKey::kPageUp) view.first -= std::min(view.first, kPage);
  if (key == TopKey::kPageDown) view.first += kPage;
  if (key == TopKey::kHome) view.first = 0;
  if (key == TopKey::kEscape) view.filter.clear(), view.helping = false;
  if (key != TopKey::kOther) return false;
  if (letter == 's') view.sort = static_cast<TopSort>((static_cast<std::size_t>(view.sort) + 1) % std::size(kTopSorts));
  if (letter == 'h' || letter == '?') view.helping = !view.helping;
  if (letter == '/') view.typing = true, view.typed.clear();
  return letter == 'q';
}

std::vector<TopLine> draw_top(const TopData& data, TopView& view, std::size_t width, std::size_t height) {
  std::vector<TopLine> lines;
  const auto add = [&](const std::string& text, TopStyle style = TopStyle::kPlain) { lines.push_back({clipped(text, width), style}); };
  add(title_of(data, view), TopStyle::kTitle);
  if (view.helping) {
    for (const char* line : kHelp) add(line);
    if (height > 0 && lines.size() > height) lines.resize(height);
    return lines;
  }
  for (const std::string& warning : data.warnings)
    if (height == 0 || lines.size() < height / 3) add(warning, TopStyle::kDead);

  // Nodes may have half of what is left beside the heads and the last line.
  const std::size_t room = height == 0 ? 0 : height - std::min(height, lines.size() + 3);
  const std::vector<const TopNode*> nodes = chosen_nodes(data, view);
  const std::size_t most_nodes = height == 0 ? nodes.size() : std::max<std::size_t>(1, room / 2);
  const bool cut = nodes.size() > most_nodes;
  const std::size_t shown_nodes = cut ? std::max<std::size_t>(1, most_nodes - 1) : nodes.size();
  const std::vector<std::size_t> node_columns = fitting(kNodeColumns, width);
  add(row_text(kNodeColumns, node_columns, titles_of(kNodeColumns), width), TopStyle::kHead);
  for (std::size_t i = 0; i < shown_nodes; ++i) {
    const TopNode& node = *nodes[i];
    const bool busy = node.cpu > 0 && node.cpu_used > 0.9 * node.cpu;
    add(row_text(kNodeColumns, node_columns, cells_of(node), width), !node.alive() ? TopStyle::kDead : busy ? TopStyle::kBusy : TopStyle::kPlain);
  }
  if (cut) add("and " + std::to_string(nodes.size() - shown_nodes) + " nodes that do less");

  const std::vector<const TopProcess*> processes = chosen_processes(data, view);
  const std::size_t used = lines.size() + 2;  // the head and the last line
  const std::size_t most = height == 0 ? processes.size() : height - std::min(height, used);
  view.first = std::min(view.first, processes.size() - std::min(processes.size(), std::max<std::size_t>(most, 1)));
  const std::size_t shown = std::min(most, processes.size() - view.first);
  const std::vector<std::size_t> process_columns = fitting(kProcessColumns, width);
  add(row_text(kProcessColumns, process_columns, titles_of(kProcessColumns), width), TopStyle::kHead);
  for (std::size_t i = 0; i < shown; ++i) {
    const TopProcess& process = *processes[view.first + i];
    add(row_text(kProcessColumns, process_columns, cells_of(process), width), process.cpu_used > 0.9 ? TopStyle::kBusy : TopStyle::kPlain);
  }
  if (height == 0) return lines;
  lines.resize(height - std::min<std::size_t>(height, 1));
  add(bottom_of(view, shown, processes.size()), TopStyle::kHead);
  lines.resize(height);
  return lines;
}

}  // namespace Atoll
