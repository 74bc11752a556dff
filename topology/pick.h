#pragma once

#include <optional>
#include <vector>

#include "topology/gpu_graph.h"

namespace Atoll {

// Some GPUs of a node, by position.
struct Pick {
  std::vector<int> gpus;       // ascending
  std::vector<int> order;      // the same, as a ring
  int islands = 0;             // that they touch
  double total_gbps = 0;       // over all pairs of them
  double bottleneck_gbps = 0;  // of the ring; 0 for one GPU
  friend bool operator==(const Pick&, const Pick&) = default;
};

// The best k of the `free` GPUs (positions, ascending), or none if k is not from 1 to free.size().
//
// PICK-1 best is, in this order: fewest islands; fewest free GPUs in the touched islands; highest total GB/s inside;
//        highest total GB/s among the free GPUs of the touched islands that are left; fewest NUMA nodes (unknown is one
//        more); lowest positions
// PICK-2 for up to 16 free GPUs this equals exhaustive search. Above, the first two rules still do; the others are
//        sought in bounded work, about a millisecond for 64 (bench/pick_bench.cc; PickMemo remembers answers)
std::optional<Pick> pick_gpus(const GpuGraph& graph, const std::vector<int>& free, int k);

// The ring through `gpus` (positions, any order) whose weakest link is the strongest possible; of those the one whose
// list, from the lowest position on, is lexicographically lowest. ORDER-1: exact for up to 16 GPUs; above, it may miss
// the strongest ring, or the lowest.
std::vector<int> order_gpus(const GpuGraph& graph, const std::vector<int>& gpus);

// The weakest link around the ring, in GB/s; 0 for fewer than two GPUs.
double bottleneck(const GpuGraph& graph, const std::vector<int>& ring);

}  // namespace Atoll
