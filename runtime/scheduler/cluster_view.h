#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/status.h"
#include "runtime/scheduler/feasibility.h"
#include "runtime/scheduler/fit_set.h"
#include "runtime/scheduler/node_classes.h"
#include "runtime/scheduler/node_filter.h"
#include "runtime/scheduler/node_place.h"
#include "runtime/scheduler/node_resources.h"
#include "topology/pick_memo.h"

namespace Atoll {

class ShapeIndex;

// In which order nodes are tried.
enum class Policy {
  kPack,    // first fit in node order (DESIGN §4)
  kSpread,  // one at a time to the node with the most free share, in turn among equals
};

// What of the nodes a question counts on: what is free now, or all they have.
enum class Room { kNow, kEmpty };

// `count` of a request go to `node`. `reservation` holds their room in the view.
struct Placement {
  NodeId node = NodeId::kNone;
  int count = 0;
  std::uint64_t reservation = 0;

  friend bool operator==(const Placement&, const Placement&) = default;
};

// What a node says of itself from time to time. A reservation is heard when the
// node has it in its own books, or has refused it; the message that carries a
// placement to a node, straight or by way of a client, carries its number.
struct NodeReport {
  std::uint64_t sequence = 0;  // grows with every report of the node, from 1
  NodeResources free = {};
  std::uint64_t heard_through = 0;        // every reservation up to this one was heard, or never will be
  std::vector<std::uint64_t> heard = {};  // heard since the last report, in any order; telling twice does no harm
};

// The head's picture of the nodes: what each has, what of it was free when it
// last said so, and what the head has promised since.
//
// A promise is a reservation: it is taken off the view at once and it stays off
// until the node has heard of it. A report that left the node before the
// reservation came there does not know of it, so replacing the free amounts by
// such a report would promise the room twice. Therefore reservations are
// numbered, a report says which the node has heard, and those it has not are
// taken off the reported amounts again. A reservation that will never come to
// its node (its client died, its group was rolled back) is the head's to cancel.
//
// VIEW-1 a dead or unknown node is never chosen, and holds no reservation
// VIEW-2 free is what the node last reported less what it had not heard of, at
//        least 0
// VIEW-3 of reports that overtake each other the newest's free amounts count;
//        what any of them has heard is heard
// VIEW-4 kPack chooses the lowest node that fits, until it is full
// VIEW-5 every answer equals the one a scan of all nodes would give
// VIEW-6 all of what reserve() is asked for is taken off one node, or nothing
// VIEW-8 a node that a filter does not admit is never chosen for it
// VIEW-7 whole GPUs that no device was named for are taken as the node itself would pick them; of what was promised by device, those very devices are taken off, as far as the reports leave them
//
// Cost, for n nodes and s shapes (requests, each with its filter, asked for lately, at most kMaxShapes):
// place() of a known shape takes O(log n) a node chosen, feasible() O(1); whatever
// changes a node's free amounts takes O(s), with kSpread O(s log n); the first
// question of a shape takes O(n). bench/scheduler_bench.cc measures it.
//
// Nodes are numbered densely from 0 (the ranks of their daemons).
class ClusterView {
 public:
  static constexpr std::uint32_t kMaxNodes = 1u << 20;
  static constexpr std::size_t kMaxShapes = 64;

  struct Node {
    std::string name;
    NodeResources total;
    NodeResources free;  // less the reservations
    NodePlace place;     // equal graphs are shared
    bool alive = false;
  };

  // Reservations are numbered from `first_reservation` on. A head that was
  // restarted begins above every number it may have given out before.
  explicit ClusterView(std::uint64_t first_reservation = 1);
  ~ClusterView();
  ClusterView(ClusterView&&) noexcept;
  ClusterView& operator=(ClusterView&&) noexcept;

  // A node joins under a name for people with all of it free, or comes back after remove_node(); its
  // reports count from 1 again. Fails if it is alive already (kAlreadyExists), or
  // if the id, the name or the amounts are impossible, or the graph is not of as many GPUs (kInvalidArgument).
  Status add_node(NodeId id, std::string name, NodeResources total, NodePlace place = {});

  // The node is lost and its reservations with it. Unknown or dead: nothing.
  void remove_node(NodeId id);

  // Takes in what the node says. Fails, and changes nothing, if the node is
  // unknown or dead (kNotFound) or says it has more than it brought
  // (kInvalidArgument). An overtaken report is not a failure.
  Status report(NodeId id, const NodeReport& report);

  // Finds and reserves room for up to `count` of `request`, in the order of
  // choice, one Placement a node. Less than `count` in all: the rest fits nowhere
  // now. Empty if the request is not well formed.
  std::vector<Placement> place(const Resources& request, int count, Policy policy = Policy::kPack,
                               const NodeFilter& filter = {});

  // Reserves room for all `requests` on one node: the reservation's number, or
  // none if they do not all fit there now, one after the other.
  std::optional<std::uint64_t> reserve(NodeId id, const std::vector<Resources>& requests);

  // The same with exactly the parts of devices in `gpus`, by request; none, too, if those are not free, or are not what
  // a request of its amount may have. Should a later report say that others have the devices, what is left of them is
  // taken off it.
  std::optional<std::uint64_t> reserve(NodeId id, const std::vector<Resources>& requests, const BundleShares& gpus);

  // Gives a reservation's room back, if the node has not heard of it yet. Else,
  // or if there is none: nothing; the node's own reports say what became of it.
  void cancel(NodeId id, std::uint64_t reservation);

  // The first `limit` alive nodes, in node order, that have `request` free now.
  std::vector<NodeId> nodes_fitting(const Resources& request, int limit) const;

  // Whether any alive node that `filter` admits, were it empty, has `request`.
  bool feasible(const Resources& request, const NodeFilter& filter = {}) const;

  // One sentence, in counts, on why `request` fits nowhere, or where it does:
  // "needs 16 gpu on one node; 4 nodes have at most 8 gpu". With a filter that names nodes: how many
  // it admits, and of them the same: "2 of 4 nodes have zone=a, both dead". Takes O(n).
  std::string explain(const Resources& request, const NodeFilter& filter = {}) const;

  // The alive nodes that have `request`, and all alive nodes by their GPUs: until the view changes or is asked again.
  const FitSet& fitting(const Resources& request, Room room) const;
  const NodeClasses& classes(Room room) const { return room == Room::kNow ? free_classes_ : total_classes_; }

  // The GPUs of an alive node, all parts together: much quicker than find() for whoever asks all nodes.
  Fixed gpu_room(std::uint32_t id, Room room) const { return (room == Room::kNow ? free_gpu_ : total_gpu_)[id]; }

  // Nodes have numbers below this. It grows, and membership() with every node that joins or is lost.
  std::uint32_t end() const { return static_cast<std::uint32_t>(nodes_.size()); }
  std::uint64_t membership() const { return membership_; }

  const Node* find(NodeId id) const;  // null if it never joined; valid until the next add_node()
  std::uint32_t alive() const { return alive_; }

 private:
  struct Held {
    Resources request;
    int count = 1;
    std::optional<std::vector<GpuShare>> gpus = {};  // of one that was promised these very devices
  };
  struct Reservation {
    std::uint64_t number = 0;
    std::vector<Held> held;
  };
  struct Entry : Node {
    NodeResources reported;
    std::uint64_t last_report = 0;
    std::vector<Reservation> reservations;  // not heard of yet
    std::uint64_t last_spread = 0;          // when kSpread chose it last, counted in choices
  };

  Entry* find_alive(NodeId id);
  ShapeIndex& index_of(const Resources& shape, const NodeFilter& filter = {}) const;
  void refresh(std::uint32_t id);
  void tell(ShapeIndex& index, std::uint32_t id) const;
  std::shared_ptr<const GpuGraph> shared(std::shared_ptr<const GpuGraph> graph);
  std::optional<std::uint64_t> keep(Entry& entry, NodeResources free, std::vector<Held> held);
  void recompute_free(std::uint32_t id);
  bool take_from(const NodePlace& place, NodeResources& free, const Resources& request);
  std::vector<Placement> pack(const Resources& request, int count, ShapeIndex& index);
  std::vector<Placement> spread(const Resources& request, int count, ShapeIndex& index);

  std::vector<Entry> nodes_;  // by id
  std::vector<Fixed> free_gpu_, total_gpu_;  // of the nodes, beside each other
  std::uint32_t alive_ = 0;
  std::uint64_t membership_ = 0;
  NodeClasses free_classes_, total_classes_;  // of the alive nodes
  std::vector<std::shared_ptr<const GpuGraph>> graphs_;  // each once
  std::uint64_t last_reservation_;
  std::uint64_t spread_choices_ = 0;
  // What is known of the shapes asked for lately: a cache, so questions may fill it.
  struct ShapeOrder {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      const auto shapes = a.first <=> b.first;
      return shapes != 0 ? shapes < 0 : a.second < b.second;
    }
  };
  mutable std::map<std::pair<Resources, NodeFilter>, std::unique_ptr<ShapeIndex>, ShapeOrder> shapes_;
  mutable std::uint64_t shape_uses_ = 0;
  PickMemo picks_;
};

}  // namespace Atoll
