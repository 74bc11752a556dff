#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <utility>
#include <vector>

#include "runtime/control/placing.h"
#include "runtime/scheduler/cluster_view.h"
#include "runtime/state/rows.h"
#include "runtime/wire/outbox.h"

namespace Atoll {

class NodeTable;

// Clients' requests for workers that did not fit on their own node: first come,
// first served, but a request that fits goes past those that do not. Thousands
// that are alike wait in one line, of which a pass tries the first only. What was
// placed is remembered until its node has heard of it, so that the room is not
// lost if the client dies in between, or cannot reach the node.
class DemandQueue {
 public:
  // A new request, or a new count of an old one; 0 ends it.
  void put(ProcessId client, const PlaceRequest& request);
  void forget(ProcessId client, ClusterView& view);
  void forget_node(NodeId node);
  void heard(const std::vector<std::uint64_t>& reservations);

  // Gives back what was placed before kPromiseLimit and not heard of. Should the
  // request come to the node after all, the node's own books decide.
  void expire(Time now, ClusterView& view);

  // Places what fits now, and answers Infeasible to what never will.
  void serve(Time now, ClusterView& view, const NodeTable& nodes, Outbox& out);

  bool empty() const { return lines_.empty(); }
  // Workers asked for and not placed.
  std::uint32_t pending() const;
  std::uint32_t pending_of(ProcessId client) const;
  void list(const ClusterView& view, StateRows& rows) const;

 private:
  struct Demand {
    ProcessId client = ProcessId::kNone;
    PlaceRequest request;
    std::uint64_t arrival = 0;
  };
  using Line = std::list<Demand>;  // in order of arrival
  using Lines = std::map<PlaceKey, Line>;
  struct Position {
    Lines::iterator line;
    Line::iterator demand;
  };
  struct Promise {
    ProcessId client = ProcessId::kNone;
    NodeId node = NodeId::kNone;
    Time made{};
  };

  // Returns whether the demand is done with.
  bool serve_one(Time now, Demand& demand, ClusterView& view, const NodeTable& nodes, Outbox& out);

  void remove(Position position);

  Lines lines_;  // none is empty
  std::map<std::pair<ProcessId, std::uint64_t>, Position> by_request_;
  std::uint64_t arrivals_ = 0;
  std::map<std::uint64_t, Promise> promises_;  // by reservation
};

// A client that lives passes a placement on in far less.
inline constexpr Duration kPromiseLimit = std::chrono::seconds(10);

}  // namespace Atoll
