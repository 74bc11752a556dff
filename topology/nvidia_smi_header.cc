#include "topology/nvidia_smi_header.h"

#include <algorithm>

#include "topology/words.h"

namespace Atoll {

namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::size_t kMaxNameBytes = 64;

struct TitleWords {
  std::string_view words;
  SmiTitle title;
};
constexpr TitleWords kTitles[] = {{"CPU Affinity", SmiTitle::kCpuAffinity},
                                  {"NUMA Affinity", SmiTitle::kNumaAffinity},
                                  {"GPU NUMA ID", SmiTitle::kGpuNuma}};

std::vector<SmiHeader::Title> find_titles(std::string_view line) {
  std::vector<SmiHeader::Title> titles;
  for (const TitleWords& known : kTitles) {
    const std::size_t at = line.find(known.words);
    if (at != std::string_view::npos) titles.push_back({known.title, at});
  }
  std::sort(titles.begin(), titles.end(), [](const auto& a, const auto& b) { return a.column < b.column; });
  return titles;
}

// The length of `prefix` and the digits behind it at the beginning of `word`; 0 if it begins otherwise.
std::size_t numbered_length(std::string_view word, std::string_view prefix) {
  if (!word.starts_with(prefix)) return 0;
  const std::size_t end = std::min(word.find_first_not_of(kDigits, prefix.size()), word.size());
  return end > prefix.size() ? end : 0;
}

// The length of the first of the names that are glued together. A GPU's ends with its number, others only where a known
// name follows: mlx5_0v1 is one.
std::size_t first_name_length(std::string_view word) {
  if (const std::size_t length = numbered_length(word, "GPU"); length > 0) return length;
  for (const std::string_view prefix : {"NIC", "mlx5_", "mlx4_"}) {
    const std::string_view rest = word.substr(numbered_length(word, prefix));
    if (rest.size() == word.size()) continue;
    for (const std::string_view next : {"GPU", "NIC", "mlx5_", "mlx4_"})
      if (rest.starts_with(next)) return word.size() - rest.size();
  }
  return word.size();
}

bool is_device_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes || is_smi_cell(name)) return false;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  const bool letter = (name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z');
  return letter && std::all_of(name.begin(), name.end(), allowed) && name.find_first_of(kDigits) != name.npos;
}

// Takes the names in a word apart; false if it is no device.
bool add_devices(std::string_view word, std::vector<std::string>& devices) {
  while (!word.empty()) {
    const std::string_view name = word.substr(0, first_name_length(word));
    if (!is_device_name(name)) return false;
    devices.emplace_back(name);
    word.remove_prefix(name.size());
  }
  return true;
}

}  // namespace

bool is_smi_cell(std::string_view word) {
  for (const std::string_view cell :
       {"X", "PIX", "PXB", "PHB", "NODE", "SYS", "SOC", "C2C", "OK", "NS", "CNS", "GNS", "TNS", "DR", "U"})
    if (word == cell) return true;
  return word.size() > 2 && numbered_length(word, "NV") == word.size();
}

std::optional<SmiHeader> read_smi_header(std::string_view line) {
  SmiHeader header;
  header.tabs = line.find('\t') != line.npos;
  header.titles = find_titles(line);
  const std::size_t end = header.titles.empty() ? line.size() : header.titles.front().column;
  for (const std::string_view word : split_words(line.substr(0, end)))
    if (!add_devices(word, header.devices)) return std::nullopt;
  const auto is_gpu = [](const std::string& device) { return numbered_length(device, "GPU") == device.size(); };
  if (std::none_of(header.devices.begin(), header.devices.end(), is_gpu)) return std::nullopt;
  return header;
}

}  // namespace Atoll
