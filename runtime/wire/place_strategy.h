#pragma once

#include <compare>
#include <map>
#include <string>
#include <vector>

#include "runtime/wire/fields.h"

namespace Atoll {

// Which of the nodes that have room may run a task or an actor, and in which
// order they are tried. A value that names nothing is the default.
struct PlaceStrategy {
  bool spread = false;                        // the node with the most free share first
  std::string node;                           // by name; empty: any
  bool soft = false;                          // `node` is the first to try, and not the only one
  std::map<std::string, std::string> labels;  // what a node must be called (scheduler/label_selector.h)
  std::vector<std::map<std::string, std::string>> otherwise = {};  // labels instead, the first with room
  ATOLL_MESSAGE_FIELDS(spread, node, soft, labels, otherwise)

  bool is_default() const { return !spread && node.empty() && labels.empty(); }
  friend auto operator<=>(const PlaceStrategy&, const PlaceStrategy&) = default;
  friend bool operator==(const PlaceStrategy&, const PlaceStrategy&) = default;
};

}  // namespace Atoll
