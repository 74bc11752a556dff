#include "runtime/control/placing.h"

#include <utility>

#include "runtime/scheduler/label_selector.h"

namespace Atoll {
namespace {

// The nodes outside of which it cannot be.
NodeFilter bounds_of(const PlaceStrategy& strategy) {
  return {strategy.soft ? "" : strategy.node, strategy.labels, false};
}

// The nodes to try, one set after the other.
std::vector<NodeFilter> turns_of(const PlaceStrategy& strategy, const Resources& request) {
  std::vector<NodeFilter> turns;
  if (strategy.soft && !strategy.node.empty()) turns.push_back({strategy.node, strategy.labels, false});
  NodeFilter bounds = bounds_of(strategy);
  if (request.gpu.is_zero() && bounds.node.empty()) turns.push_back({"", strategy.labels, true});
  turns.push_back(std::move(bounds));
  return turns;
}

}  // namespace

Status check_strategy(const PlaceStrategy& strategy) { return parse_selector(strategy.labels).status(); }

std::vector<Placement> place_by(ClusterView& view, const PlaceStrategy& strategy, const Resources& request, int count,
                                Policy policy) {
  std::vector<Placement> placements;
  for (const NodeFilter& turn : turns_of(strategy, request)) {
    if (count <= 0) break;
    for (const Placement& placement : view.place(request, count, strategy.spread ? Policy::kSpread : policy, turn)) {
      placements.push_back(placement);
      count -= placement.count;
    }
  }
  return placements;
}

std::string why_never(const ClusterView& view, const PlaceStrategy& strategy, const Resources& request) {
  if (const Status status = check_strategy(strategy); !status.ok()) return status.message();
  const NodeFilter bounds = bounds_of(strategy);
  return view.feasible(request, bounds) ? "" : view.explain(request, bounds);
}

}  // namespace Atoll
