#pragma once

#include <string>

#include "runtime/scheduler/node_filter.h"

namespace Atoll {

// Counts the nodes that a filter admits, and says so: "2 of 4 nodes have zone=a,
// both dead"; of a filter for one node: "node n2 is dead", "no node is called n2".
class FilterCount {
 public:
  // Each node that ever joined, once.
  void add(bool admitted, bool alive);

  // `reason` says why those that are admitted and live do not do; it is left out if there are none.
  std::string sentence(const NodeFilter& filter, const std::string& reason) const;

 private:
  std::string labelled(const NodeFilter& filter) const;

  int nodes_ = 0;
  int admitted_ = 0;
  int dead_ = 0;  // of the admitted
};

}  // namespace Atoll
