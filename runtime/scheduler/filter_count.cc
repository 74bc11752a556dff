#include "runtime/scheduler/filter_count.h"

#include <vector>

#include "runtime/scheduler/explanation_words.h"

namespace Atoll {
namespace {

// "zone=a and gpu=!h100"
std::string words(const LabelSelector& labels) {
  std::vector<std::string> each;
  for (const auto& [name, value] : labels) each.push_back(name + "=" + value);
  return join_words(each);
}

}  // namespace

void FilterCount::add(bool admitted, bool alive) {
  ++nodes_;
  if (!admitted) return;
  ++admitted_;
  if (!alive) ++dead_;
}

std::string FilterCount::sentence(const NodeFilter& filter, const std::string& reason) const {
  const bool lives = admitted_ > dead_;
  if (filter.node.empty()) return labelled(filter) + (lives ? ": " + reason : "");
  const std::string suffix = filter.labels.empty() ? "" : " with " + words(filter.labels);
  if (lives) return "node " + filter.node + ": " + reason;
  if (dead_ > 0) return "node " + filter.node + suffix + " is dead";
  return "none of " + count_words(nodes_, "node") + " is called " + filter.node + suffix;
}

std::string FilterCount::labelled(const NodeFilter& filter) const {
  std::string text = std::to_string(admitted_) + " of " + count_words(nodes_, "node") +
                     (admitted_ == 1 ? " has " : " have ") + words(filter.labels);
  if (dead_ == 0) return text;
  if (dead_ < admitted_) return text + ", " + std::to_string(dead_) + " of them dead";
  return text + (dead_ == 1 ? ", and is dead" : dead_ == 2 ? ", both dead" : ", all dead");
}

}  // namespace Atoll
