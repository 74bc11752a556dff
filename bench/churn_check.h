#pragma once

#include <chrono>
#include <queue>

#include "bench/churn_cluster.h"
#include "runtime/base/check.h"
#include "runtime/scheduler/group_planner.h"

namespace Atoll::Churn {

// How our rows compare with what is shipped: the same streams given to GroupPlanner.
struct Agreement {
  std::size_t groups = 0, alike = 0;  // alike: turned away by both, or on the same GPUs of the same node
  double ns = 0;                      // GroupPlanner::place() and all that it reserves; summed
  bool whole() const { return groups == alike; }
};

// Gives a stream to the simulator's cluster with our offers and to a GroupPlanner on a ClusterView of the same nodes.
class PlannerCheck {
 public:
  PlannerCheck(const Offers& offers, const std::vector<Make>& all, const std::vector<std::size_t>& make_of_node,
               bool one_island)
      : cluster_(offers, all, make_of_node), one_island_(one_island) {
    std::vector<std::shared_ptr<const GpuGraph>> graphs;
    for (const Make& make : all) graphs.push_back(std::make_shared<GpuGraph>(make.graph));
    for (std::size_t node = 0; node < make_of_node.size(); ++node) {
      const std::size_t make = make_of_node[node];
      const NodeResources total = node_of({.gpu = Fixed::whole(all[make].gpus())});
      NodePlace place;
      place.graph = graphs[make];
      ATOLL_CHECK(view_.add_node(NodeId(static_cast<std::uint32_t>(node)), std::to_string(node), total, place).ok());
    }
  }

  void run(const std::vector<Group>& stream, Agreement& agreement) {
    for (const Group& group : stream) {
      leave_until(group.arrival);
      const auto simulated = cluster_.place(group);
      const auto start = std::chrono::steady_clock::now();
      const auto planned = plan(group);
      agreement.ns += std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
      ++agreement.groups;
      agreement.alike += are_alike(simulated, planned);
      leaving_.push({group.arrival + group.duration, simulated, planned});
    }
  }

 private:
  using Placed = std::optional<Cluster::Placed>;
  struct Leaving {
    double time;
    Placed simulated;
    std::optional<GroupPlan> planned;
    bool operator<(const Leaving& other) const { return time > other.time; }
  };

  std::optional<GroupPlan> plan(const Group& group) {
    GroupRequest request;
    request.strategy = Strategy::kStrictPack;
    if (one_island_) request.within = Level::kIsland;
    request.bundles.assign(static_cast<std::size_t>(group.gpus), {.gpu = Fixed::whole(1)});
    GroupPlan plan;
    return planner_.place(request, plan) == GroupVerdict::kPlaced ? std::optional(std::move(plan)) : std::nullopt;
  }

  static bool are_alike(const Placed& simulated, const std::optional<GroupPlan>& planned) {
    if (!simulated || !planned) return !simulated && !planned;
    std::vector<int> gpus;
    for (const BundlePlace& bundle : planned->bundles) {
      if (static_cast<std::size_t>(bundle.node) != simulated->node) return false;
      for (const GpuShare& share : bundle.gpus) gpus.push_back(share.gpu);
    }
    return to_mask(gpus) == simulated->gpus;
  }

  void leave_until(double time) {
    for (; !leaving_.empty() && leaving_.top().time <= time; leaving_.pop()) {
      const Leaving& next = leaving_.top();
      if (next.simulated) cluster_.remove(*next.simulated);
      if (!next.planned) continue;
      for (const auto& [node, reservation] : next.planned->reservations) view_.cancel(node, reservation);
    }
  }

  Cluster cluster_;
  bool one_island_;
  ClusterView view_;
  GroupPlanner planner_{view_};
  std::priority_queue<Leaving> leaving_;
};

}  // namespace Atoll::Churn
