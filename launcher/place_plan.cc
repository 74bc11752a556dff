#include "launcher/place_plan.h"

#include <algorithm>
#include <set>

#include "runtime/base/check.h"

namespace Atoll {
namespace {

Status fill(ClusterView& view, const std::vector<PlannedNode>& nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const NodeId id{static_cast<std::uint32_t>(i)};
    ATOLL_RETURN_IF_ERROR(view.add_node(id, nodes[i].name, nodes[i].total, nodes[i].place));
    if (nodes[i].free) ATOLL_RETURN_IF_ERROR(view.report(id, {.sequence = 1, .free = *nodes[i].free}));
  }
  return Status();
}

// What all of them have in common; none if that differs, or there are none.
template <typename Of>
std::optional<int> common(const std::vector<GpuShare>& shares, Of of) {
  std::optional<int> value;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const std::optional<int> here = of(shares[i].gpu);
    if (!here || (i > 0 && here != value)) return std::nullopt;
    value = here;
  }
  return value;
}

PlacePlan::Bundle bundle_of(const PlannedNode& node, const BundlePlace& place) {
  PlacePlan::Bundle bundle{static_cast<std::size_t>(place.node)};
  const GpuGraph* graph = node.place.graph.get();
  for (const GpuShare& share : place.gpus)
    bundle.gpus.push_back(node.machine == nullptr ? share.gpu : node.machine->gpus[share.gpu].index);
  bundle.island =
      common(place.gpus, [graph](int gpu) { return std::optional(graph == nullptr ? gpu : graph->island(gpu)); });
  bundle.numa = common(place.gpus, [graph](int gpu) { return graph == nullptr ? std::nullopt : graph->numa(gpu); });
  return bundle;
}

std::string placed_words(const std::vector<PlacePlan::Bundle>& bundles) {
  std::set<std::size_t> nodes;
  for (const PlacePlan::Bundle& bundle : bundles) nodes.insert(bundle.node);
  const auto count = [](std::size_t n, const char* noun) {
    return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
  };
  return count(bundles.size(), "bundle") + " on " + count(nodes.size(), "node");
}

PlacePlan::Group plan_group(GroupPlanner& planner, const std::vector<PlannedNode>& nodes,
                            const PlanRequest::Group& group, const Seconds& seconds) {
  PlacePlan::Group result{group.name};
  GroupPlan plan;
  const double start = seconds();
  result.verdict = planner.place(group.request, plan);
  result.seconds = seconds() - start;
  if (result.verdict == GroupVerdict::kPlaced) {
    for (const BundlePlace& place : plan.bundles)
      result.bundles.push_back(bundle_of(nodes[static_cast<std::size_t>(place.node)], place));
    result.explain = placed_words(result.bundles);
  } else {
    result.explain = planner.explain(group.request);
  }
  return result;
}

}  // namespace

Result<PlacePlan> plan_placement(const std::vector<PlannedNode>& nodes, const PlanRequest& request,
                                 const Seconds& seconds) {
  ClusterView view;
  ATOLL_RETURN_IF_ERROR(fill(view, nodes));
  GroupPlanner planner(view);
  PlacePlan plan;
  for (const PlanRequest::Group& group : request.groups)
    plan.groups.push_back(plan_group(planner, nodes, group, seconds));
  for (const Resources& task : request.tasks) {
    const auto placed = view.place(task, 1);
    plan.tasks.push_back(placed.empty() ? std::nullopt : std::optional(static_cast<std::size_t>(placed[0].node)));
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    plan.names.push_back(nodes[i].name);
    plan.free.push_back(view.find(NodeId{static_cast<std::uint32_t>(i)})->free);
  }
  return plan;
}

}  // namespace Atoll
