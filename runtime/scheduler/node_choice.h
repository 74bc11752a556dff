#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "runtime/scheduler/cluster_view.h"
#include "runtime/scheduler/gpu_packing.h"

namespace Atoll {

// Chooses the one node that bundles go to together (GROUP-3). A question about GPUs is answered once for each class of
// nodes and remembered, so that the time to choose follows the number of classes, not of nodes.
class NodeChoice {
 public:
  // The node with the best score among those in `allowed` (null: all) that have all bundles; of equals the lowest.
  std::optional<std::uint32_t> choose(const ClusterView& view, Room room, const std::vector<Resources>& bundles,
                                      bool one_island, const FitSet* allowed, PickMemo& memo);

 private:
  static constexpr std::size_t kMostDemands = 64;
  struct Known {
    std::uint64_t serial = 0;  // of the class; 0: nothing is known
    std::optional<GpuScore> score = {};
    std::optional<GpuScore> with_ties = {};  // once there was a tie to settle
  };
  using Scores = std::vector<Known>;  // by the number of the class
  // A class that is as good as any before ties are settled, and its lowest node.
  struct Tied {
    std::uint32_t number = 0, node = 0;
  };

  Scores& scores_of(Room room, const GpuDemand& demand);
  // The lowest node of the best of tied_, which is not empty.
  std::uint32_t settle_ties(const NodeClasses& classes, const GpuDemand& demand, Scores& scores, PickMemo& memo) const;

  std::map<GpuDemand, Scores> scores_[2];  // by room
  std::vector<Tied> tied_;
};

// The lowest number, from `from` on, that all have; null has every number. FitSet::kNone if there is none.
std::uint32_t first_common(const FitSet& a, const FitSet* b, const FitSet* c, std::uint32_t from = 0);

}  // namespace Atoll
