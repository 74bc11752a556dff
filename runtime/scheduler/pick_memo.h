#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "topology/gpu_graph.h"

namespace Atoll {

// Remembers what topology picks: nodes alike are asked the same again and again. A null graph knows no links: there the
// lowest GPUs are picked.
class PickMemo {
 public:
  // The best k of the `free` GPUs (ascending), k from 1 to free.size(), in ring order (PICK-1, ORDER-1).
  std::vector<int> pick(const std::shared_ptr<const GpuGraph>& graph, const std::vector<int>& free, int k);

 private:
  static constexpr std::size_t kMost = 16'384;
  using Key = std::tuple<std::shared_ptr<const GpuGraph>, std::vector<bool>, int>;  // graph, which are free, k

  std::map<Key, std::vector<int>> picks_;
};

}  // namespace Atoll
