#include "runtime/scheduler/pick_memo.h"

#include "runtime/base/check.h"
#include "runtime/scheduler/node_resources.h"
#include "topology/pick.h"

namespace Atoll {

std::vector<int> PickMemo::pick(const std::shared_ptr<const GpuGraph>& graph, const std::vector<int>& free, int k) {
  if (graph == nullptr) return pick_lowest(free, k);
  std::vector<bool> is_free(static_cast<std::size_t>(graph->size()));
  for (const int gpu : free) is_free[static_cast<std::size_t>(gpu)] = true;
  Key key(graph, std::move(is_free), k);
  const auto known = picks_.find(key);
  if (known != picks_.end()) return known->second;
  const auto picked = pick_gpus(*graph, free, k);
  ATOLL_CHECK(picked.has_value(), free.size(), k);
  if (picks_.size() >= kMost) picks_.clear();
  return picks_.emplace(std::move(key), picked->order).first->second;
}

}  // namespace Atoll
