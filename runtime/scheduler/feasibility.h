#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "runtime/scheduler/node_resources.h"

namespace Atoll {

// The devices of each bundle, by bundle index.
using BundleShares = std::vector<std::vector<GpuShare>>;

// Puts all `bundles` onto one node with `free`: the devices of each, or none if
// they do not fit together. All the whole GPUs are asked of `picker` at once and
// given to the bundles in its order, so that a bundle's index follows it.
//
// The pools and the whole GPUs are decided exactly. Fractional bundles on devices
// are bin packing: best fit first, biggest bundle first; where that fails, all
// ways at once by dynamic programming over how many bundles of each size are
// packed. That is exact while the product of (bundles of a size + 1) is at most
// kPackingStates: any 16 bundles; 64 quarters, 32 halves and 29 of a third size.
// Beyond it, or beyond a caller's smaller `most_states`, the answer "none" is best fit's, and not proved.
inline constexpr std::size_t kPackingStates = 65'536;
std::optional<BundleShares> pack_onto_node(const NodeResources& free, const std::vector<Resources>& bundles,
                                           const GpuPicker& picker = pick_lowest,
                                           std::size_t most_states = kPackingStates);

// A well formed request that fits wherever all `bundles` fit together: a quick
// first question to a node or to ClusterView::nodes_fitting. Where every GPU
// amount is whole, or there is none, the reverse is true as well.
Resources needed_at_least(const std::vector<Resources>& bundles);

// STRICT_PACK: one node holds all bundles. The first in order that does, and the
// devices of each bundle there.
struct PackedGroup {
  int node = 0;  // index into `nodes`
  BundleShares gpus;
};
std::optional<PackedGroup> strict_pack(const std::vector<NodeResources>& nodes, const std::vector<Resources>& bundles,
                                       const GpuPicker& picker = pick_lowest);

// STRICT_SPREAD: each bundle on a node of its own. The node of each bundle, or
// none exactly when there is no such assignment, whatever the bundles ask for
// (bipartite matching by augmenting paths). Of what is possible: the biggest
// bundle chooses first, the first node that fits; bundles alike stand in node
// order. For b bundles of s different shapes and n nodes: O(n s) questions at
// most, and O(b^2 s) steps, of which most instances need O(b).
std::optional<std::vector<int>> strict_spread(const std::vector<NodeResources>& nodes,
                                              const std::vector<Resources>& bundles);

// The same for nodes 0…nodes-1 of which `fits_on` says what fits on them.
using FitsOn = std::function<bool(int node, const Resources& request)>;
std::optional<std::vector<int>> strict_spread(int nodes, const FitsOn& fits_on, const std::vector<Resources>& bundles);

}  // namespace Atoll
