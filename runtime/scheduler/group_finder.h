#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "runtime/scheduler/cluster_view.h"
#include "runtime/scheduler/group.h"
#include "runtime/scheduler/group_levels.h"
#include "runtime/scheduler/group_segments.h"
#include "runtime/scheduler/node_choice.h"

namespace Atoll {

// Finds the node of each bundle of a group, and reserves nothing. It remembers what it learned of the nodes until one
// joins or is lost.
class GroupFinder {
 public:
  explicit GroupFinder(const ClusterView& view) : view_(view) {}

  // All bundles.
  BundleNodes find(const GroupRequest& request, Room room);

  // Those without a node; the others stay. The nodes of all.
  BundleNodes find_missing(const GroupRequest& request, const std::vector<BundlePlace>& places, Room room);

  // The alive nodes that the selector allows; null: all.
  const FitSet* allowed(const LabelSelector& labels);
  const GroupLevels& levels();

  PickMemo& picks() { return picks_; }

 private:
  using Pack = Layout (*)(const Rooms& rooms, const BundleShapes& shapes);
  class Held;

  BundleNodes find_one_node(const GroupRequest& request, Room room);
  BundleNodes find_spread(const GroupRequest& request, Room room);
  BundleNodes find_packed(const GroupRequest& request, Room room);
  BundleNodes find_segments(const GroupRequest& request, Room room);
  BundleNodes find_in_one_of(const std::vector<Domain>& domains, const GroupRequest& request, Room room, Pack pack);
  Layout find_missing_nodes(const GroupRequest& request, const Held& held, const BundleShapes& missing, Room room);
  BundleNodes find_missing_segments(const GroupRequest& request, const std::vector<BundlePlace>& places,
                                    const Held& held, Room room);
  double room_of(const Domain& domain, Room room, const FitSet* allowed, const Resources& asked) const;
  // The domain's nodes that are in all the sets; null is every node.
  Rooms rooms_of(const Domain& domain, Room room, const FitSet* allowed, const FitSet* fitting = nullptr) const;
  Rooms rooms_of(const Domain& domain, Room room, const FitSet* allowed, const Held& held) const;
  void forget_old();

  const ClusterView& view_;
  NodeChoice choice_;
  PickMemo picks_;
  std::uint64_t membership_ = 0;
  std::unique_ptr<GroupLevels> levels_;
  std::map<LabelSelector, FitSet> allowed_;
};

}  // namespace Atoll
