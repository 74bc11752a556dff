#pragma once

#include <compare>
#include <string>

#include "runtime/scheduler/group.h"

namespace Atoll {

// Which nodes a question is about, whatever they have free; all, if it names nothing.
struct NodeFilter {
  std::string node = {};      // the one of this name
  LabelSelector labels = {};  // those with these labels; well formed (label_selector.h)
  bool without_gpus = false;  // those that have no GPU at all

  bool is_all() const { return node.empty() && labels.empty() && !without_gpus; }
  friend auto operator<=>(const NodeFilter&, const NodeFilter&) = default;
  friend bool operator==(const NodeFilter&, const NodeFilter&) = default;
};

}  // namespace Atoll
