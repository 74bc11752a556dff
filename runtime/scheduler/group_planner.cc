#include "runtime/scheduler/group_planner.h"

#include <algorithm>
#include <map>

#include "runtime/base/check.h"
#include "runtime/scheduler/gpu_packing.h"
#include "runtime/scheduler/group_explanation.h"
#include "runtime/scheduler/group_finder.h"

namespace Atoll {
namespace {

// The bundles that go to one node.
struct OnNode {
  std::vector<std::size_t> which;  // ascending
  std::vector<Resources> requests;
  GpuDemand demand;
};

// The node's bundles that have no place yet.
std::map<std::uint32_t, OnNode> by_node(const GroupRequest& request, const std::vector<std::uint32_t>& nodes,
                                        const std::vector<BundlePlace>& places) {
  std::map<std::uint32_t, OnNode> result;
  auto last = result.end();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (places[i].node != NodeId::kNone) continue;
    if (last == result.end() || last->first != nodes[i]) last = result.try_emplace(nodes[i]).first;
    last->second.which.push_back(i);
    last->second.requests.push_back(request.bundles[i]);
    last->second.demand.amounts.push_back(request.bundles[i].gpu);
  }
  return result;
}

// The free parts of the devices in the island where the group is already; of all of them where it has none.
std::vector<Fixed> of_one_island(const ClusterView::Node& node, NodeId id, const std::vector<BundlePlace>& places) {
  std::vector<Fixed> gpus = node.free.gpus;
  for (const BundlePlace& place : places) {
    if (place.node != id || place.gpus.empty()) continue;
    const auto island = [&node](int gpu) { return node.place.graph == nullptr ? gpu : node.place.graph->island(gpu); };
    for (int gpu = 0; gpu < std::ssize(gpus); ++gpu)
      if (island(gpu) != island(place.gpus[0].gpu)) gpus[gpu] = Fixed();
  }
  return gpus;
}

}  // namespace

GroupPlanner::GroupPlanner(ClusterView& view) : view_(view), finder_(std::make_unique<GroupFinder>(view)) {}
GroupPlanner::~GroupPlanner() = default;

GroupVerdict GroupPlanner::place(const GroupRequest& request, GroupPlan& plan) {
  ATOLL_CHECK(check_group(request).ok(), check_group(request).message());
  plan = {std::vector<BundlePlace>(request.bundles.size()), {}};
  return decide(request, plan, [&](Room room) { return finder_->find(request, room); });
}

GroupVerdict GroupPlanner::place_missing(const GroupRequest& request, GroupPlan& plan) {
  ATOLL_CHECK(check_group(request).ok(), check_group(request).message());
  ATOLL_CHECK(plan.bundles.size() == request.bundles.size(), plan.bundles.size(), request.bundles.size());
  plan.reservations.clear();
  const std::vector<BundlePlace> places = plan.bundles;
  return decide(request, plan, [&](Room room) { return finder_->find_missing(request, places, room); });
}

GroupVerdict GroupPlanner::decide(const GroupRequest& request, GroupPlan& plan, const FindNodes& find) {
  const BundleNodes now = find(Room::kNow);
  if (now.nodes && reserve(request, *now.nodes, plan)) return GroupVerdict::kPlaced;
  const BundleNodes ever = find(Room::kEmpty);
  return ever.nodes || !ever.proven ? GroupVerdict::kPending : GroupVerdict::kInfeasible;
}

bool GroupPlanner::reserve(const GroupRequest& request, const std::vector<std::uint32_t>& nodes, GroupPlan& plan) {
  GroupPlan whole = plan;
  for (auto& [number, on_node] : by_node(request, nodes, plan.bundles)) {
    const NodeId id{number};
    const ClusterView::Node& node = *view_.find(id);
    on_node.demand.one_island = request.within == Level::kIsland;
    const std::vector<Fixed> gpus = on_node.demand.one_island ? of_one_island(node, id, plan.bundles) : node.free.gpus;
    const auto shares = pack_gpus({node.place.graph, gpus}, on_node.demand, finder_->picks());
    const auto reservation = shares ? view_.reserve(id, on_node.requests, *shares) : std::nullopt;
    if (!reservation) {
      for (const auto& [reserved, kept] : whole.reservations) view_.cancel(reserved, kept);
      return false;
    }
    whole.reservations.emplace_back(id, *reservation);
    for (std::size_t i = 0; i < on_node.which.size(); ++i) whole.bundles[on_node.which[i]] = {id, (*shares)[i]};
  }
  plan = std::move(whole);
  return true;
}

std::string GroupPlanner::explain(const GroupRequest& request) const { return explain_group(view_, *finder_, request); }

}  // namespace Atoll
