#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/scheduler/cluster_view.h"
#include "runtime/scheduler/group.h"

namespace Atoll {

class GroupFinder;
struct BundleNodes;

// Where all bundles of a group go.
struct GroupPlan {
  std::vector<BundlePlace> bundles;  // by bundle index
  // The room of all bundles of one node, in the view; by node.
  std::vector<std::pair<NodeId, std::uint64_t>> reservations;
  friend bool operator==(const GroupPlan&, const GroupPlan&) = default;
};

enum class GroupVerdict : std::uint8_t {
  kPlaced,      // the plan holds, its room is reserved
  kPending,     // it does not fit now
  kInfeasible,  // it would not fit if every alive node were empty
};

// Places groups on the nodes of a view.
//
// GROUP-1 all bundles or none: what is not kPlaced reserves nothing
// GROUP-2 bundle index is rank order: of bundles that ask alike, index order is node order, and inside a node the ring
//         order of their GPUs (topology/pick.h). Node order is that of node ids; of segments, and of nodes within a
//         domain, the same
// GROUP-3 kStrictPack is placed on a node where it touches the fewest islands that any node allows now; among those
//         where the touched islands have the fewest free GPUs (big islands stay whole); then, if those are at most 16
//         (PICK-2), where these islands are the smallest in all, free or not, then where the total GB/s inside the
//         GPUs that PICK-1 takes is the highest; then on the lowest node
// GROUP-4 kStrictSpread is placed exactly when there is an assignment; the biggest bundle chooses first
// GROUP-5 within(level): all bundles (of a segment) are in one island, node, fabric domain or leaf switch. A node
//         without a fabric is a domain of its own
// GROUP-6 kPack uses one node if one can hold all; else the innermost level of one domain that can hold all, the one
//         that is left the least room; inside it as few nodes as it finds. kSpread uses as many nodes as it can
// GROUP-7 nothing that is asked for is split across nodes
// GROUP-8 feasible is exact wherever pack_onto_node() and strict_spread() are
class GroupPlanner {
 public:
  // `view` outlives it.
  explicit GroupPlanner(ClusterView& view);
  ~GroupPlanner();

  // `request` passes check_group().
  GroupVerdict place(const GroupRequest& request, GroupPlan& plan);

  // The bundles whose place has no node (kNone) are placed anew, the others stay where they are; `plan.reservations`
  // becomes those of the new ones. The strategy and the levels hold for all of them together.
  GroupVerdict place_missing(const GroupRequest& request, GroupPlan& plan);

  // One sentence, in counts per node and level, on why it is not placed now: "needs 8 GPUs in one island; 12 nodes have
  // 8 GPUs in two islands of 4; 3 nodes are busy".
  std::string explain(const GroupRequest& request) const;

 private:
  using FindNodes = std::function<BundleNodes(Room room)>;

  GroupVerdict decide(const GroupRequest& request, GroupPlan& plan, const FindNodes& find);
  bool reserve(const GroupRequest& request, const std::vector<std::uint32_t>& nodes, GroupPlan& plan);

  ClusterView& view_;
  std::unique_ptr<GroupFinder> finder_;
};

}  // namespace Atoll
