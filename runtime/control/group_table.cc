#include "runtime/control/group_table.h"

#include <algorithm>

#include "runtime/control/node_table.h"

namespace Atoll {
namespace {

// An explanation looks at every node: a status has as many at most.
constexpr std::size_t kMostExplained = 20;

GroupRequest request_of(const GroupSpec& spec) {
  GroupRequest request;
  request.strategy = Strategy(spec.strategy);
  request.within = Level(spec.within);
  request.segment = spec.segment;
  request.bundles = spec.bundles;
  request.labels = spec.labels;
  return request;
}

BundleRecord unplaced(std::uint32_t index) {
  BundleRecord record;
  record.index = index;
  return record;
}

Status check_spec(const GroupSpec& spec, const GroupRequest& request) {
  if (spec.strategy > std::uint8_t(Strategy::kStrictSpread) || spec.within > std::uint8_t(Level::kCluster))
    return Status(Code::kInvalidArgument, "its strategy or level is none that this head knows");
  return check_group(request);
}

}  // namespace

// ------------------------------------------------------------ creation and removal

void GroupTable::create(const CreateGroup& request, Outbox& out) {
  const GroupId id = request.spec.group;
  const auto [entry, is_new] = groups_.try_emplace(id);
  Group& group = entry->second;
  if (!is_new) return tell(group, out);
  group.spec = request.spec;
  group.request = request_of(request.spec);
  group.creator = request.creator.process;
  group.arrival = ++arrivals_;
  group.bundles.resize(group.spec.bundles.size());
  for (std::uint32_t i = 0; i < group.bundles.size(); ++i) group.bundles[i].record = unplaced(i);
  if (!group.spec.name.empty() && !names_.emplace(group.spec.name, id).second) {
    const std::string name = std::exchange(group.spec.name, "");  // it never had it
    finish(group, GroupState::kRemoved, "the name '" + name + "' belongs to another group; choose another or look that one up",
           out);
    return forget(id);
  }
  if (const Status status = check_spec(group.spec, group.request); !status.ok())
    return finish(group, GroupState::kInfeasible, status.message(), out);
  group.plan.bundles.resize(group.bundles.size());
  pending_.emplace(turn_of(group), id);
  place(group, out);
}

void GroupTable::watch(ProcessId watcher, const WatchGroup& request, Outbox& out) {
  GroupId id = request.group;
  if (id.is_none())
    if (const auto named = names_.find(request.name); named != names_.end()) id = named->second;
  const auto entry = groups_.find(id);
  if (entry == groups_.end()) return out.send(watcher, NoSuchGroup{request.group, request.name});
  Group& group = entry->second;
  group.watchers.insert(watcher);
  GroupUpdate update = update_of(group);
  if (update.why.empty() && pending_.contains(turn_of(group))) update.why = planner_.explain(group.request);
  out.send(watcher, std::move(update));
}

void GroupTable::remove(GroupId id, const std::string& why, Outbox& out) {
  const auto entry = groups_.find(id);
  if (entry == groups_.end()) return;
  Group& group = entry->second;
  for (const auto& [node, reservation] : group.plan.reservations) view_.cancel(node, reservation);
  free_all(group, "its placement group is gone: " + why, /*moved=*/false, out);
  finish(group, GroupState::kRemoved, why, out);
  forget(id);
}

void GroupTable::finish(Group& group, GroupState state, std::string why, Outbox& out) {
  pending_.erase(turn_of(group));
  group.state = state;
  group.why = std::move(why);
  tell(group, out);
}

void GroupTable::forget(GroupId id) {
  const auto entry = groups_.find(id);
  if (!entry->second.spec.name.empty()) names_.erase(entry->second.spec.name);
  groups_.erase(entry);
}

void GroupTable::on_client_lost(ProcessId client, const std::string& why, Outbox& out) {
  std::vector<GroupId> owned;
  for (auto& [id, group] : groups_) {
    group.watchers.erase(client);
    if (group.creator == client && !group.spec.detached) owned.push_back(id);
  }
  for (const GroupId id : owned) remove(id, "its owner is gone: " + why, out);
}

void GroupTable::end_job(ProcessId job, const std::string& why, Outbox& out) {
  std::vector<GroupId> owned;
  for (const auto& [id, group] : groups_)
    if (group.spec.job == job && !group.spec.detached) owned.push_back(id);
  for (const GroupId id : owned) remove(id, why, out);
}

// ----------------------------------------------------------------------- placement

void GroupTable::serve(Time now, Outbox& out) {
  if (pending_.empty() || (last_serve_ && now - *last_serve_ < kGroupRetry)) return;
  std::vector<GroupRequest> unfit;  // those alike need no second question in this pass
  std::vector<GroupId> waiting;
  for (const auto& [turn, id] : pending_) waiting.push_back(id);
  for (const GroupId id : waiting) {
    if (unfit.size() >= kMaxUnfitGroups) break;
    Group& group = groups_.at(id);
    if (std::ranges::find(unfit, group.request) != unfit.end()) continue;
    if (!place(group, out)) unfit.push_back(group.request);
  }
  last_serve_ = now;
}

// Whether the group is decided: it need not be asked about again in this pass.
bool GroupTable::place(Group& group, Outbox& out) {
  const bool anew = group.state == GroupState::kRescheduling;
  const GroupVerdict verdict =
      anew ? planner_.place_missing(group.request, group.plan) : planner_.place(group.request, group.plan);
  if (verdict == GroupVerdict::kPlaced) {
    pending_.erase(turn_of(group));
    ask_daemons(group, out);
    return true;
  }
  // What is left of a group goes on; nodes may come back for the rest.
  if (anew || verdict == GroupVerdict::kPending) return false;
  finish(group, GroupState::kInfeasible, planner_.explain(group.request), out);
  return true;
}

void GroupTable::ask_daemons(Group& group, Outbox& out) {
  ++group.version;
  std::map<NodeId, ReserveBundles> asks;
  for (std::uint32_t i = 0; i < group.bundles.size(); ++i) {
    Bundle& bundle = group.bundles[i];
    if (bundle.record.node != NodeId::kNone) continue;
    const BundlePlace& place = group.plan.bundles[i];
    BundleAsk ask{i, group.spec.bundles[i], {}, {}};
    for (const GpuShare& share : place.gpus) {
      ask.gpus.push_back(share.gpu);
      ask.parts.push_back(share.part);
    }
    bundle.version = group.version;
    asks[place.node].bundles.push_back(std::move(ask));
  }
  for (const auto& [node, reservation] : group.plan.reservations) asks[node].reservation = reservation;
  for (auto& [node, ask] : asks) {
    ask.group = group.spec.group;
    ask.version = group.version;
    ask.name = group.spec.name;
    ask.size = static_cast<std::uint32_t>(group.bundles.size());
    group.asked.insert(node);
    out.send(nodes_.get(node)->daemon.process, std::move(ask));
  }
}

void GroupTable::on_reserved(Time now, ProcessId daemon, const BundlesReserved& reserved, Outbox& out) {
  const auto entry = groups_.find(reserved.group);
  const std::optional<NodeId> node = nodes_.find(daemon);
  if (entry == groups_.end() || !node) return;
  Group& group = entry->second;
  if (reserved.version != group.version || group.asked.erase(*node) == 0) return;
  if (!reserved.refused.empty()) {
    last_serve_ = now;  // what it has will be in its next report
    return abort_plan(group, out);
  }
  for (const BundleRecord& record : reserved.bundles)
    if (record.index < group.bundles.size() && group.bundles[record.index].version == group.version) {
      group.bundles[record.index].record = record;
      group.bundles[record.index].record.node = *node;
    }
  if (!group.asked.empty()) return;
  group.plan.reservations.clear();
  group.state = GroupState::kCreated;
  group.why.clear();
  tell(group, out);
}

// One daemon does not have what the plan gave it: all of this version is undone, and the group waits again.
void GroupTable::abort_plan(Group& group, Outbox& out) {
  for (const auto& [node, reservation] : group.plan.reservations) {
    view_.cancel(node, reservation);
    send_free(node, {group.spec.group, group.version, "its placement group is placed anew", true}, out);
  }
  group.plan.reservations.clear();
  group.asked.clear();
  for (std::uint32_t i = 0; i < group.bundles.size(); ++i)
    if (group.bundles[i].version == group.version) {
      group.bundles[i].record = unplaced(i);
      group.plan.bundles[i] = {};
    }
  pending_.emplace(turn_of(group), group.spec.group);
}

void GroupTable::on_node_dead(NodeId node, const std::string& cause, Outbox& out) {
  last_serve_.reset();
  for (auto& [id, group] : groups_) {
    const auto here = [node](const BundlePlace& place) { return place.node == node; };
    if (std::ranges::any_of(group.plan.bundles, here)) lose_bundles(group, node, cause, out);
  }
}

void GroupTable::lose_bundles(Group& group, NodeId node, const std::string& cause, Outbox& out) {
  const bool was_whole = group.state == GroupState::kCreated;
  if (!group.asked.empty()) abort_plan(group, out);
  if (group.spec.move_whole)
    free_all(group, "its placement group moves, since node " + nodes_.get(node)->info.name + " died", /*moved=*/true, out);
  for (std::uint32_t i = 0; i < group.bundles.size(); ++i)
    if (group.spec.move_whole || group.plan.bundles[i].node == node) {
      group.bundles[i].record = unplaced(i);
      group.bundles[i].seated = {};
      group.plan.bundles[i] = {};
    }
  if (was_whole) group.state = GroupState::kRescheduling;
  if (group.state == GroupState::kRescheduling) group.why = "node " + nodes_.get(node)->info.name + " died: " + cause;
  pending_.emplace(turn_of(group), group.spec.group);
  if (group.state == GroupState::kRescheduling) tell(group, out);
}

void GroupTable::free_all(const Group& group, const std::string& why, bool moved, Outbox& out) const {
  for (const NodeId node : nodes_of(group)) send_free(node, {group.spec.group, 0, why, moved}, out);
}

void GroupTable::send_free(NodeId node, const FreeBundles& message, Outbox& out) const {
  const NodeTable::Node* record = nodes_.get(node);
  if (record != nullptr && record->state == NodeState::kAlive) out.send(record->daemon.process, message);
}

// ------------------------------------------------------------------ actors' seats

GroupTable::Seat GroupTable::find_seat(GroupId id, std::int32_t wanted, const Resources& shape) const {
  const auto never = [](std::string why) { return Seat{Seat::Kind::kNever, NodeId::kNone, -1, std::move(why)}; };
  const auto entry = groups_.find(id);
  if (entry == groups_.end()) return never("its placement group was removed");
  const Group& group = entry->second;
  if (group.state == GroupState::kInfeasible) return never("its placement group is infeasible: " + group.why);
  const auto count = static_cast<std::int32_t>(group.bundles.size());
  if (wanted >= count || wanted < -1)
    return never("its placement group has no bundle " + std::to_string(wanted) + ", only 0 to " + std::to_string(count - 1));
  Seat best;
  bool possible = false;
  for (std::int32_t i = std::max(wanted, 0); i < (wanted < 0 ? count : wanted + 1); ++i) {
    const Bundle& bundle = group.bundles[static_cast<std::size_t>(i)];
    const Resources& size = group.spec.bundles[static_cast<std::size_t>(i)];
    if (!covers(size, shape)) continue;
    possible = true;
    if (bundle.record.node == NodeId::kNone || group.state == GroupState::kPending) continue;
    Resources all = bundle.seated;
    all += shape;
    const bool room = covers(size, all);
    // Without room in any bundle the actor waits at the first, whose daemon knows best.
    if (room || best.kind != Seat::Kind::kFound) best = {Seat::Kind::kFound, bundle.record.node, i, ""};
    if (room) break;
  }
  if (!possible)
    return never("it needs " + to_string(shape) + ", and " +
                 (wanted < 0 ? "no bundle of its placement group has that"
                             : "bundle " + std::to_string(wanted) + " has " +
                                   to_string(group.spec.bundles[static_cast<std::size_t>(wanted)])));
  return best;
}

void GroupTable::take_seat(GroupId id, std::int32_t bundle, const Resources& shape) {
  const auto entry = groups_.find(id);
  if (entry != groups_.end()) entry->second.bundles.at(static_cast<std::size_t>(bundle)).seated += shape;
}

void GroupTable::leave_seat(GroupId id, std::int32_t bundle, const Resources& shape) {
  const auto entry = groups_.find(id);
  if (entry == groups_.end()) return;
  Resources& seated = entry->second.bundles.at(static_cast<std::size_t>(bundle)).seated;
  if (covers(seated, shape)) seated -= shape;  // else the bundle has moved since
}

// --------------------------------------------------------------------------- sight

std::vector<NodeId> GroupTable::nodes_of(const Group& group) const {
  std::set<NodeId> nodes;
  for (const BundlePlace& place : group.plan.bundles)
    if (place.node != NodeId::kNone) nodes.insert(place.node);
  return {nodes.begin(), nodes.end()};
}

void GroupTable::tell(const Group& group, Outbox& out) const {
  const GroupUpdate update = update_of(group);
  if (group.creator != ProcessId::kNone) out.send(group.creator, update);
  for (const ProcessId watcher : group.watchers)
    if (watcher != group.creator) out.send(watcher, update);
}

GroupUpdate GroupTable::update_of(const Group& group) const {
  GroupUpdate update;
  update.group = group.spec.group;
  update.name = group.spec.name;
  update.state = group.state;
  update.why = group.why;
  if (group.state != GroupState::kCreated && group.state != GroupState::kRescheduling) return update;
  for (const Bundle& bundle : group.bundles) update.bundles.push_back(bundle.record);
  for (const NodeId node : nodes_of(group)) update.daemons.push_back(nodes_.get(node)->daemon);
  return update;
}

std::vector<GroupStatus> GroupTable::status() const {
  std::vector<GroupStatus> all;
  std::size_t explained = 0;
  for (const auto& [id, group] : groups_) {
    all.push_back({id, group.spec.name, group.state, group.spec.strategy,
                   static_cast<std::uint32_t>(group.bundles.size()), nodes_of(group), group.why});
    const bool waits = group.state == GroupState::kPending && group.asked.empty();
    if (waits && explained++ < kMostExplained) all.back().why = planner_.explain(group.request);
  }
  return all;
}

}  // namespace Atoll
