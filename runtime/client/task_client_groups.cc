// Tasks in placement groups: which daemons to ask, and what becomes of them when the group moves or goes.

#include "runtime/client/task_client.h"

namespace Atoll {

void TaskClient::on_group(Time now, const GroupUpdate& update, ClientOutbox& out) {
  Group& group = groups_[update.group];
  group.state = update.state;
  group.why = update.why;
  group.contacts.clear();
  group.daemons.assign(update.bundles.size(), ProcessId::kNone);
  std::map<NodeId, ProcessId> by_node;
  for (const Contact& daemon : update.daemons) {
    group.contacts[daemon.process] = daemon;
    by_node[daemon.node] = daemon.process;
  }
  for (std::size_t i = 0; i < update.bundles.size(); ++i)
    if (const auto node = by_node.find(update.bundles[i].node); node != by_node.end()) group.daemons[i] = node->second;
  std::vector<Shape*> shapes;
  for (auto& [key, shape] : shapes_)
    if (key.group == update.group) {
      shape.never.clear();
      shape.lost.clear();
      shapes.push_back(&shape);
    }
  std::erase_if(asks_, [&](const auto& entry) {
    const Ask& ask = entry.second;
    if (ask.shape->key.group != update.group || group.contacts.contains(ask.target)) return false;
    ask.shape->asked -= ask.count;
    return true;
  });
  for (Shape* shape : shapes) pump(now, *shape, out);
  if (group.gone()) groups_.erase(update.group);
}

void TaskClient::return_idle_in(GroupId group, ClientOutbox& out) {
  for (auto& [key, shape] : shapes_) {
    if (key.group != group) continue;
    while (Lease* lease = take_idle(shape)) give_back(*lease, out);
  }
}

std::set<ProcessId> TaskClient::daemons_for(const WorkerShape& key, const Group& group) const {
  std::set<ProcessId> daemons;
  for (std::size_t i = 0; i < group.daemons.size(); ++i)
    if (key.bundle < 0 || static_cast<std::size_t>(key.bundle) == i) daemons.insert(group.daemons[i]);
  daemons.erase(ProcessId::kNone);
  return daemons;
}

void TaskClient::ask_group(Shape& shape, std::uint32_t count, ClientOutbox& out) {
  const WorkerShape& key = shape.key;
  const auto [entry, is_new] = groups_.try_emplace(key.group);
  if (is_new) return out.send(head_, WatchGroup{key.group, ""});
  const Group& group = entry->second;
  if (group.state == GroupState::kInfeasible)
    return fail_ready(shape, ErrorKind::kInfeasible, "its placement group is infeasible: " + group.why, out);
  if (group.gone()) return fail_ready(shape, ErrorKind::kGroupRemoved, "its placement group is gone: " + group.why, out);
  if (group.daemons.empty()) return;  // not created yet
  if (key.bundle >= static_cast<std::int32_t>(group.daemons.size()) || key.bundle < -1)
    return fail_ready(shape, ErrorKind::kInfeasible,
                      "its placement group has no bundle " + std::to_string(key.bundle) + ", only 0 to " +
                          std::to_string(group.daemons.size() - 1),
                      out);
  std::set<ProcessId> daemons = daemons_for(key, group);
  const std::size_t all = daemons.size();
  for (const ProcessId daemon : shape.never) daemons.erase(daemon);
  if (daemons.empty() && all > 0 && group.state == GroupState::kCreated)
    return fail_ready(shape, ErrorKind::kInfeasible,
                      "it needs " + to_string(key.resources) + ", and " +
                          (key.bundle < 0 ? "no bundle of its placement group has that"
                                          : "bundle " + std::to_string(key.bundle) + " of its placement group is smaller"),
                      out);
  for (const ProcessId daemon : shape.lost) daemons.erase(daemon);
  // In equal parts: a worker that is done early takes the tasks of the others.
  std::uint32_t left = count;
  auto sharers = static_cast<std::uint32_t>(daemons.size());
  for (const ProcessId daemon : daemons) {
    const std::uint32_t part = (left + sharers - 1) / sharers;
    --sharers;
    left -= part;
    if (part > 0) ask_daemon(shape, group.contacts.at(daemon), part, 0, out);
  }
}

// The bundle has gone from there, or can never hold the shape.
void TaskClient::on_refused_in_group(Time now, ProcessId daemon, Shape& shape, bool never, ClientOutbox& out) {
  if (never) {
    shape.never.insert(daemon);
    return pump(now, shape, out);
  }
  if (!ask_again_) ask_again_ = now + kGroupAskAgain;
}

// Its node may have died, which the group's next update says, or the connection alone is gone: then it is asked again.
void TaskClient::avoid_for_a_while(Time now, Shape& shape, ProcessId daemon) {
  shape.lost.insert(daemon);
  if (!ask_again_) ask_again_ = now + kGroupAskAgain;
}

void TaskClient::ask_groups_again(Time now, ClientOutbox& out) {
  ask_again_.reset();
  for (auto& [key, shape] : shapes_)
    if (!key.group.is_none() && shape.waiting() > 0) {
      shape.lost.clear();
      pump(now, shape, out);
    }
}

}  // namespace Atoll
