#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/scheduler/feasibility.h"
#include "topology/pick_memo.h"

namespace Atoll {

// Picks by PICK-1, in ring order; without links the lowest, which are as good as any. What it is made of outlives it.
GpuPicker topology_picker(const std::shared_ptr<const GpuGraph>& graph, PickMemo& memo);

// How well GPU amounts go onto the devices of one node; less is better (GROUP-3).
struct GpuScore {
  int islands = 0;  // that are touched
  int free = 0;     // completely free GPUs in them, before
  // What settles ties, of kMostJudged free GPUs at most, else 0: picking among more is slow, and no longer exact.
  int size = 0;                // GPUs in the touched islands, free or not
  std::int64_t less_mbps = 0;  // minus the MB/s over all pairs of the chosen GPUs
  friend auto operator<=>(const GpuScore&, const GpuScore&) = default;
};
inline constexpr int kMostJudged = 16;  // PICK-2

// What bundles ask of the GPUs of one node.
struct GpuDemand {
  std::vector<Fixed> amounts;  // by bundle; 0, a fraction, or whole
  bool one_island = false;     // all of them from one island
  friend bool operator==(const GpuDemand&, const GpuDemand&) = default;
  friend auto operator<=>(const GpuDemand&, const GpuDemand&) = default;
};

// The devices of a node, as far as they matter: how they are joined (null: not at all), and what part of each is free.
struct GpuState {
  const std::shared_ptr<const GpuGraph>& graph;
  const std::vector<Fixed>& gpus;
};

// The score of the best way, or none if they do not go there. Whole GPUs are judged by PICK-1's first two rules and
// nothing is picked for it: what settles ties is 0. Fractions take the fullest devices that have them if those are of
// one island; else the fewest islands: all sets of them are tried on a node of at most 6 islands, on others only single
// ones.
std::optional<GpuScore> score_gpus(const GpuState& state, const GpuDemand& demand, PickMemo& memo);

// `score`, which score_gpus() gave for the same, with what settles ties: of whole GPUs, those that pack_gpus() takes.
GpuScore score_ties(const GpuState& state, const GpuDemand& demand, const GpuScore& score, PickMemo& memo);

// The devices of each bundle in the way that score_gpus() judged, or none. Of bundles that ask alike, index order is
// ring order.
std::optional<BundleShares> pack_gpus(const GpuState& state, const GpuDemand& demand, PickMemo& memo);

}  // namespace Atoll
