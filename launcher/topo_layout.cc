#include "launcher/topo_layout.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace Atoll {

namespace {

std::string counted(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// Unknown comes last.
using BoxKey = std::pair<bool, int>;
BoxKey key_of(const std::optional<int>& numa) { return {!numa.has_value(), numa.value_or(0)}; }

}  // namespace

std::vector<NumaBox> numa_boxes(const Machine& machine) {
  std::map<BoxKey, NumaBox> boxes;
  for (const GpuInfo& gpu : machine.gpus) boxes[key_of(gpu.numa)].gpus.push_back(gpu);
  for (const Nic& nic : machine.nics) boxes[key_of(nic.numa)].nics.push_back(nic);
  std::vector<NumaBox> result;
  for (auto& [key, box] : boxes) {
    if (!key.first) box.numa = key.second;
    if (const NumaNode* node = box.numa ? find_numa(machine, *box.numa) : nullptr) box.cpus = node->cpus;
    result.push_back(std::move(box));
  }
  return result;
}

std::string title_of(const NumaBox& box) {
  if (!box.numa) return "NUMA unknown";
  return "NUMA " + std::to_string(*box.numa) + (box.cpus.empty() ? "" : ", " + counted(box.cpus.size(), "CPU"));
}

std::string island_name(std::size_t number) {
  const std::string last(1, static_cast<char>('A' + number % 26));
  return number < 26 ? last : island_name(number / 26 - 1) + last;
}

std::size_t island_of(const std::vector<Island>& islands, int gpu) {
  const auto holds = [gpu](const Island& island) {
    return std::binary_search(island.gpus.begin(), island.gpus.end(), gpu);
  };
  return static_cast<std::size_t>(std::find_if(islands.begin(), islands.end(), holds) - islands.begin());
}

std::string speed_in_words(double gbps) {
  char text[64];
  std::snprintf(text, sizeof text, "%.4g GB/s", gbps);
  return text;
}

std::string links_in_words(const Machine& machine, const Island& island) {
  std::vector<int> lanes;
  std::vector<double> gbps;
  bool via_switch = false;
  for (const Link& link : machine.links) {
    if (!std::binary_search(island.gpus.begin(), island.gpus.end(), link.a)) continue;
    lanes.push_back(link.lanes);
    gbps.push_back(link.gbps);
    via_switch |= link.via_switch;
  }
  if (lanes.empty()) return "";
  const auto [few, many] = std::minmax_element(lanes.begin(), lanes.end());
  const auto [slow, fast] = std::minmax_element(gbps.begin(), gbps.end());
  std::string text = *few == *many ? counted(static_cast<std::size_t>(*many), "lane")
                                   : std::to_string(*few) + " to " + std::to_string(*many) + " lanes";
  if (via_switch) text += " through a switch";
  text += ", " + speed_in_words(*slow);
  return *slow == *fast ? text : text.substr(0, text.rfind(' ')) + " to " + speed_in_words(*fast);
}

std::string printable(std::string_view text, std::size_t most) {
  std::string clean;
  bool in_wide = false;  // of a character of several bytes only the first becomes "?"
  for (const char c : text) {
    const bool follows = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (in_wide && follows) continue;
    in_wide = (static_cast<unsigned char>(c) & 0x80) != 0;
    clean += c >= ' ' && c <= '~' ? c : '?';
  }
  return clean.size() <= most ? clean : clean.substr(0, std::max<std::size_t>(most, 3) - 3) + "...";
}

std::string joined_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "-" : text;
}

}  // namespace Atoll
