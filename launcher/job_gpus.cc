#include "launcher/job_gpus.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "runtime/base/nodelist.h"

namespace Atoll {
namespace {

// The value of `key` (with its '=') in a line of scontrol, "" if it is not there.
std::string_view value_of(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + key.size());
  return line.substr(0, line.find(' '));
}

// "gpu:a100:4(IDX:0-3)" or "gpu:4(IDX:0-3)"; count 0 for another resource.
NodeGpus parse_gres(std::string_view entry) {
  NodeGpus gpus;
  entry = entry.substr(0, entry.find('('));
  if (!entry.starts_with("gpu:")) return gpus;
  entry.remove_prefix(4);
  if (const std::size_t colon = entry.rfind(':'); colon != std::string_view::npos) {
    gpus.type = entry.substr(0, colon);
    entry.remove_prefix(colon + 1);
  }
  std::from_chars(entry.data(), entry.data() + entry.size(), gpus.count);
  return gpus;
}

// Cuts at commas outside of parentheses.
std::string_view take_entry(std::string_view& rest) {
  int depth = 0;
  std::size_t end = 0;
  for (; end < rest.size() && (rest[end] != ',' || depth > 0); ++end) depth += (rest[end] == '(') - (rest[end] == ')');
  const std::string_view entry = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end + 1));
  return entry;
}

std::string counts_in_words(const std::map<std::string, int>& counts) {
  std::vector<std::string> words;
  for (const auto& [node, count] : counts) words.push_back(node + " " + std::to_string(count));
  return join_names(words, 4);
}

}  // namespace

bool gpus_need_asking(const Environment& environment) {
  for (const char* name : {"SLURM_GPUS", "SLURM_GPUS_PER_TASK", "SLURM_NTASKS_PER_GPU"})
    if (!lookup(environment, name).empty()) return true;
  return false;
}

std::vector<NodeGpus> parse_job_gpus(std::string_view text) {
  std::vector<NodeGpus> all;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    Result<std::vector<std::string>> nodes = expand_nodelist(value_of(line, " Nodes="));
    std::string_view gres = value_of(line, " GRES=");
    if (!nodes.ok() || gres.empty()) continue;
    while (!gres.empty()) {
      NodeGpus gpus = parse_gres(take_entry(gres));
      for (const std::string& node : *nodes)
        if (gpus.count > 0) all.push_back({node, gpus.type, gpus.count});
    }
  }
  return all;
}

StepGpus choose_step_gpus(const std::vector<NodeGpus>& held, const std::vector<std::string>& nodes) {
  StepGpus step;
  std::set<std::string> types;
  for (const NodeGpus& gpus : held) types.insert(gpus.type);
  for (const std::string& type : types) {
    std::map<std::string, int> counts;
    for (const std::string& node : nodes) counts[node] = 0;
    for (const NodeGpus& gpus : held)
      if (gpus.type == type && counts.contains(gpus.node)) counts[gpus.node] += gpus.count;
    const auto by_count = [](const auto& a, const auto& b) { return a.second < b.second; };
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end(), by_count);
    if (least == counts.end()) continue;
    if (least->second > 0)
      step.gres +=
          (step.gres.empty() ? "gpu:" : ",gpu:") + (type.empty() ? "" : type + ":") + std::to_string(least->second);
    if (least->second < most->second)
      step.warning = "Slurm gave the nodes of this job different numbers of GPUs (" + counts_in_words(counts) +
                     ") and lets no step use them all: each node gives " + std::to_string(least->second) +
                     "; ask for them with --gpus-per-node";
  }
  if (step.gres.empty() && !held.empty()) step.gres = "none";
  return step;
}

}  // namespace Atoll
