#include "topology/pick.h"

#include <limits>
#include <utility>

#include "topology/pick_islands.h"
#include "topology/pick_search.h"

namespace Atoll {

namespace {

constexpr std::size_t kExact = 16;  // free GPUs: PICK-2
constexpr std::int64_t kSteps = 20'000;

}  // namespace

std::optional<Pick> pick_gpus(const GpuGraph& graph, const std::vector<int>& free, int k) {
  if (k < 1 || k > static_cast<int>(free.size())) return std::nullopt;
  const std::int64_t steps = free.size() <= kExact ? std::numeric_limits<std::int64_t>::max() : kSteps;
  PickSearch search(graph, k, steps);
  IslandPools pools(graph, free, k);
  pools.for_each(steps, [&search](const std::vector<int>& pool) { return search.search(pool); });
  Pick pick;
  pick.gpus = search.best();
  pick.order = order_gpus(graph, pick.gpus);
  pick.islands = pools.islands();
  pick.total_gbps = GpuGraph::to_gbps(search.best_inside());
  pick.bottleneck_gbps = bottleneck(graph, pick.order);
  return pick;
}

}  // namespace Atoll
