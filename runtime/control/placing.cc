#include "runtime/control/placing.h"

#include <utility>

#include "runtime/scheduler/label_selector.h"

namespace Atoll {
namespace {

// The labels to try, one after the other.
std::vector<LabelSelector> selectors_of(const PlaceStrategy& strategy) {
  std::vector<LabelSelector> selectors{strategy.labels};
  selectors.insert(selectors.end(), strategy.otherwise.begin(), strategy.otherwise.end());
  return selectors;
}

// The nodes outside of which it cannot be, by those labels.
NodeFilter bounds_of(const PlaceStrategy& strategy, const LabelSelector& labels) {
  return {strategy.soft ? "" : strategy.node, labels, false};
}

// The nodes to try, one set after the other.
std::vector<NodeFilter> turns_of(const PlaceStrategy& strategy, const Resources& request) {
  const std::vector<LabelSelector> selectors = selectors_of(strategy);
  std::vector<NodeFilter> turns;
  if (strategy.soft && !strategy.node.empty())
    for (const LabelSelector& labels : selectors) turns.push_back({strategy.node, labels, false});
  for (const LabelSelector& labels : selectors) {
    NodeFilter bounds = bounds_of(strategy, labels);
    if (request.gpu.is_zero() && bounds.node.empty()) turns.push_back({"", labels, true});
    turns.push_back(std::move(bounds));
  }
  return turns;
}

}  // namespace

Status check_strategy(const PlaceStrategy& strategy) {
  for (const LabelSelector& labels : selectors_of(strategy)) ATOLL_RETURN_IF_ERROR(parse_selector(labels).status());
  return Status();
}

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
  std::string why;
  for (const LabelSelector& labels : selectors_of(strategy)) {
    const NodeFilter bounds = bounds_of(strategy, labels);
    if (view.feasible(request, bounds)) return "";
    why += (why.empty() ? "" : "; otherwise: ") + view.explain(request, bounds);
  }
  return why;
}

std::string why_not_now(const ClusterView& view, const PlaceStrategy& strategy, const Resources& request) {
  if (const Status status = check_strategy(strategy); !status.ok()) return status.message();
  std::string why;
  for (const LabelSelector& labels : selectors_of(strategy))
    why += (why.empty() ? "" : "; otherwise: ") + view.explain(request, bounds_of(strategy, labels));
  return why;
}

std::string to_string(const PlaceStrategy& strategy) {
  std::string text = strategy.spread ? "spread" : "";
  const auto add = [&text](const std::string& words) { text += (text.empty() ? "" : ", ") + words; };
  if (!strategy.node.empty()) add("on node " + strategy.node + (strategy.soft ? " if it has room" : ""));
  for (const LabelSelector& labels : selectors_of(strategy)) {
    std::string all;
    for (const auto& [name, value] : labels) all += (all.empty() ? "" : " and ") + name + "=" + value;
    if (!all.empty()) add("where " + all);
  }
  return text;
}

}  // namespace Atoll
