#pragma once

#include <cstdint>
#include <vector>

#include "runtime/scheduler/cluster_view.h"
#include "runtime/scheduler/group.h"

namespace Atoll {

// Nodes that belong together at some level: their numbers, ascending.
using Domain = std::vector<std::uint32_t>;

// The alive nodes of a view by domains, as they were when it was made.
//
// LEVELS-1 the domains of a level hold every alive node once
// LEVELS-2 a node without a fabric is a fabric domain of its own, and one without switches a switch of its own
// LEVELS-3 domains stand in the order of their lowest nodes
class GroupLevels {
 public:
  explicit GroupLevels(const ClusterView& view);

  // The domains that `level` (above the node) keeps a group in.
  const std::vector<Domain>& domains(Level level) const;

  // The levels that a packed group should try one after the other, from the inside out, and not beyond `within`. Each
  // is a list of domains that lie within domains of `within`. Levels where every domain is one node are left out.
  const std::vector<std::vector<Domain>>& ladder(Level within) const;

 private:
  std::vector<Domain> fabrics_, switches_, cluster_;
  std::vector<std::vector<Domain>> fabric_ladder_, switch_ladder_, cluster_ladder_;
};

}  // namespace Atoll
