#pragma once

#include <cstdint>
#include <set>
#include <tuple>
#include <vector>

#include "runtime/scheduler/fit_set.h"
#include "runtime/scheduler/label_selector.h"
#include "runtime/scheduler/node_filter.h"
#include "runtime/scheduler/node_resources.h"

namespace Atoll {

// Where requests of one shape fit, of the nodes of a ClusterView that a filter
// admits; the view asks admits() of a node once it joins, and tells of every change
// of those that are. Every answer is exact (VIEW-5).
class ShapeIndex {
 public:
  ShapeIndex(Resources shape, NodeFilter filter);

  // Whether the filter lets a node be chosen. Constant while the node lives.
  bool admits_all() const { return admits_all_; }
  bool admits(const std::string& name, const std::map<std::string, std::string>& labels, bool has_gpus) const;

  // Node `id` has `free` now, and was last chosen by kSpread at `last_spread`.
  void update(std::uint32_t id, const NodeResources& total, const NodeResources& free, std::uint64_t last_spread);
  void remove(std::uint32_t id);

  // Whether node `id` could hold the shape when empty; `total` changes only
  // between remove() and update().
  bool feasible() const { return feasible_count_ > 0; }

  // The lowest node, from `from` on, with room now; FitSet::kNone if none.
  std::uint32_t first(std::uint32_t from) const { return fitting_.first(from); }

  // The nodes with room now; those that have it when empty.
  const FitSet& fitting() const { return fitting_; }
  const FitSet& feasible_nodes() const { return feasible_; }

  // Of the nodes with room now the one with the most free share (the smallest
  // free part of what the shape asks for); among equals the one not chosen for
  // the longest time; then the lowest. The order is kept from order_by_share()
  // on, after which all nodes are updated once.
  std::uint32_t most_free() const;
  bool ordered() const { return ordered_; }
  void order_by_share() { ordered_ = true; }

  const Resources& shape() const { return shape_; }
  std::uint64_t last_used = 0;  // the view's to set

 private:
  // Less free share, then when last chosen, then the node.
  using Rank = std::tuple<std::int64_t, std::uint64_t, std::uint32_t>;

  void set_rank(std::uint32_t id, const Rank* rank);

  Resources shape_;
  NodeFilter filter_;
  std::vector<LabelRule> rules_;
  bool admits_all_ = true;
  FitSet fitting_;
  FitSet feasible_;
  std::uint32_t feasible_count_ = 0;
  bool ordered_ = false;
  std::set<Rank> ranks_;  // of the fitting nodes
  std::vector<Rank> rank_of_node_;
};

}  // namespace Atoll
