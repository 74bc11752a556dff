#include "launcher/topo_text.h"

#include <algorithm>
#include <cctype>

#include "launcher/status_text.h"
#include "launcher/topo_drawing.h"
#include "launcher/topo_layout.h"

namespace Atoll {

namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string counted(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string headline(const Machine& machine, std::size_t islands) {
  std::string text = machine.name.empty() ? "" : printable(machine.name, 40) + ": ";
  text += machine.gpus.empty() ? "no GPUs" : counted(machine.gpus.size(), "GPU") + " in " + counted(islands, "island");
  return text + ", " + counted(machine.numa.size(), "NUMA node") + ", " + counted(machine.nics.size(), "NIC") + "\n";
}

std::string gpu_table(const Machine& machine, const std::vector<Island>& islands) {
  if (machine.gpus.empty()) return "";
  Rows rows = {{"gpu", "model", "numa", "island", "nearest NICs"}};
  for (const GpuInfo& gpu : machine.gpus)
    rows.push_back({std::to_string(gpu.index), gpu.model.empty() ? "-" : printable(gpu.model, 36),
                    gpu.numa ? std::to_string(*gpu.numa) : "-", island_name(island_of(islands, gpu.index)),
                    printable(joined_names(gpu.nics), 36)});
  return "\n" + format_table(rows);
}

std::string shape_of(const Machine& machine, const Island& island) {
  if (island.gpus.size() == 1) return "alone";
  const char* pairs = island.uniform  ? "every pair alike"
                      : island.clique ? "every pair joined, not all alike"
                                      : "not every pair joined";
  return std::string(pairs) + ": " + links_in_words(machine, island);
}

std::string island_table(const Machine& machine, const std::vector<Island>& islands) {
  if (islands.empty()) return "";
  Rows rows;
  for (std::size_t i = 0; i < islands.size(); ++i)
    rows.push_back({"  " + island_name(i), to_string(islands[i].kind),
                    printable(to_string(CpuList(islands[i].gpus)), 28), shape_of(machine, islands[i])});
  return "\nislands\n" + format_table(rows);
}

std::string fabric_line(const Machine& machine) {
  if (!machine.fabric) return "";
  return "\nfabric " + printable(machine.fabric->uuid, 48) + ", clique " + std::to_string(machine.fabric->clique) +
         (machine.fabric->usable ? "" : ", not usable") + "\n";
}

// Numbers one after the other, cut into lines at `width`.
std::string listed(const std::vector<int>& numbers, std::size_t indent) {
  std::string text;
  std::size_t column = indent;
  for (const int number : numbers) {
    const std::string word = " " + std::to_string(number);
    if (column + word.size() > kTopoWidth) {
      text += "\n" + std::string(indent, ' ');
      column = indent;
    }
    text += word;
    column += word.size();
  }
  return text;
}

std::string pick_lines(const std::optional<TopoPick>& pick) {
  if (!pick) return "";
  return "\npick (*)\n  GPUs" + listed(pick->gpus, 6) + "\n  ring" + listed(pick->order, 6) + "\n  " +
         counted(static_cast<std::size_t>(pick->islands), "island") + ", " + speed_in_words(pick->total_gbps) +
         " in all, weakest link of the ring " + speed_in_words(pick->bottleneck_gbps) + "\n";
}

std::string warning_lines(const Machine& machine) {
  std::string text;
  for (const std::string& warning : machine.warnings) text += "warning: " + printable(warning) + "\n";
  return text.empty() ? "" : "\n" + text;
}

}  // namespace

Glyphs glyphs_of(const Environment& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string locale = lookup(environment, name);
    if (locale.empty()) continue;
    std::transform(locale.begin(), locale.end(), locale.begin(), [](unsigned char c) { return std::tolower(c); });
    const bool utf8 = locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
    return utf8 ? Glyphs::kUnicode : Glyphs::kAscii;
  }
  return Glyphs::kAscii;
}

std::string topo_to_text(const Machine& machine, const std::optional<TopoPick>& pick, Glyphs glyphs) {
  const std::vector<Island> islands = find_islands(machine);
  const std::string boxes = draw_numa(machine, islands, pick ? pick->gpus : std::vector<int>(), glyphs);
  const std::string links = draw_links(machine, islands, glyphs);
  return headline(machine, islands.size()) + gpu_table(machine, islands) + (boxes.empty() ? "" : "\n" + boxes) +
         island_table(machine, islands) +
         (links.empty() ? "" : "\nlanes between GPUs (s: through a switch)\n" + links) + fabric_line(machine) +
         pick_lines(pick) + warning_lines(machine);
}

}  // namespace Atoll
