#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/scheduler/group_planner.h"
#include "runtime/state/rows.h"
#include "runtime/wire/outbox.h"

namespace Atoll {

class NodeTable;

// The head's placement groups: plans them, has the daemons reserve their bundles, and knows where each bundle is.
//
// GROUPS-1 a name belongs to at most one group
// GROUPS-2 a group is created when every daemon of its plan has reserved; if one refuses, what the others reserved is
//          freed and the group is planned anew once that daemon has reported what it has
// GROUPS-3 groups wait side by side: one that does not fit holds up no other; those that lost bundles go first
// GROUPS-4 every change of a group's state is told to its creator and watchers
// GROUPS-5 after a node is lost the lost bundles are placed anew, or all of them if the group asked for it
// GROUPS-6 a group that is not detached ends with its creator and its job; its bundles are given back
class GroupTable {
 public:
  GroupTable(ClusterView& view, const NodeTable& nodes) : view_(view), nodes_(nodes), planner_(view) {}

  void create(const CreateGroup& request, Outbox& out);
  void watch(ProcessId watcher, const WatchGroup& request, Outbox& out);
  void remove(GroupId id, const std::string& why, Outbox& out);
  void on_reserved(Time now, ProcessId daemon, const BundlesReserved& reserved, Outbox& out);
  void on_node_dead(NodeId node, const std::string& cause, Outbox& out);
  void on_client_lost(ProcessId client, const std::string& why, Outbox& out);
  void end_job(ProcessId job, const std::string& why, Outbox& out);

  // Places what is pending, as far as there is room.
  void serve(Time now, Outbox& out);

  // Where an actor that asks for `bundle` (-1: any) of a group belongs as things stand.
  struct Seat {
    enum class Kind { kFound, kWait, kNever } kind = Kind::kWait;
    NodeId node = NodeId::kNone;
    std::int32_t bundle = -1;
    std::string why;  // never
  };
  Seat find_seat(GroupId id, std::int32_t bundle, const Resources& shape) const;
  // An actor lives in the bundle, or not any more: find_seat() spreads over bundles by it.
  void take_seat(GroupId id, std::int32_t bundle, const Resources& shape);
  void leave_seat(GroupId id, std::int32_t bundle, const Resources& shape);

  std::vector<GroupStatus> status() const;
  void list(StateRows& rows) const;
  // Of those that the job made.
  std::size_t count_of(ProcessId job) const;
  // Why an actor that asks for it has no seat yet.
  std::string why_waiting(GroupId id) const;
  std::size_t size() const { return groups_.size(); }
  // Those that are not removed, by state; and all that were ever asked for.
  std::map<GroupState, std::size_t> by_state() const;
  std::uint64_t created() const { return arrivals_; }

 private:
  struct Bundle {
    BundleRecord record;        // record.node is none until it is reserved
    std::uint32_t version = 0;  // of the plan that it belongs to
    Resources seated;           // what its actors hold
  };
  struct Group {
    GroupSpec spec;
    GroupRequest request;
    ProcessId creator = ProcessId::kNone;
    GroupState state = GroupState::kPending;
    std::set<ProcessId> watchers;
    GroupPlan plan;
    std::vector<Bundle> bundles;
    std::uint32_t version = 0;     // of the plan under way, or the last
    std::set<NodeId> asked;        // daemons that have not answered for it
    std::uint64_t arrival = 0;
    std::string why;
  };
  // Those that lost bundles, then in order of arrival.
  using Turn = std::pair<bool, std::uint64_t>;

  Turn turn_of(const Group& group) const { return {group.state != GroupState::kRescheduling, group.arrival}; }
  bool place(Group& group, Outbox& out);
  void ask_daemons(Group& group, Outbox& out);
  void abort_plan(Group& group, Outbox& out);
  void lose_bundles(Group& group, NodeId node, const std::string& cause, Outbox& out);
  void free_all(const Group& group, const std::string& why, bool moved, Outbox& out) const;
  void finish(Group& group, GroupState state, std::string why, Outbox& out);
  void forget(GroupId id);
  void tell(const Group& group, Outbox& out) const;
  GroupUpdate update_of(const Group& group) const;
  std::vector<NodeId> nodes_of(const Group& group) const;
  void send_free(NodeId node, const FreeBundles& message, Outbox& out) const;

  ClusterView& view_;
  const NodeTable& nodes_;
  GroupPlanner planner_;
  std::map<GroupId, Group> groups_;
  std::map<std::string, GroupId> names_;
  std::map<Turn, GroupId> pending_;
  std::uint64_t arrivals_ = 0;
  std::optional<Time> last_serve_;  // none: something happened that makes a pass worth while at once
};

// Groups that did not fit are tried again at most this often.
inline constexpr Duration kGroupRetry = std::chrono::milliseconds(2);
// Different requests that find no room in one pass; the rest waits for the next.
inline constexpr std::size_t kMaxUnfitGroups = 64;

}  // namespace Atoll
