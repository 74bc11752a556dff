#include "runtime/client/client_core.h"

#include <algorithm>

#include "runtime/client/errors.h"
#include "runtime/client/split.h"

namespace Atoll {

ClientCore::ClientCore(Options options, ClientOutbox& out)
    : options_(std::move(options)),
      borrows_(options_.self.node),
      objects_(options_.self, borrows_),
      passing_(options_.self, objects_, borrows_),
      tasks_(options_.self.process, options_.job, objects_),
      actors_(options_.self, objects_),
      groups_(options_.self, objects_) {
  tasks_.set_head(options_.head.process);
  actors_.set_head(options_.head.process);
  groups_.set_head(options_.head.process);
  out.learn(options_.head);
}

void ClientCore::propagate(Time now, std::size_t before, ClientOutbox& out) {
  while (true) {
    for (; before < out.completions.size(); ++before) {
      const ObjectId settled = out.completions[before].object;
      if (out.completions[before].error && settled.process == options_.self.process)
        failures_.note(now, settled, out.completions[before].error);
      tasks_.on_object_settled(now, settled, out);
      actors_.on_object_settled(settled, out);
    }
    release_unhandled(now);
    if (!objects_.has_rebuilds()) return;
    for (const ObjectId lost : objects_.take_rebuilds()) tasks_.rebuild(now, lost, out);
  }
}

void ClientCore::release_unhandled(Time now) {
  if (!objects_.has_unhandled()) return;
  for (const ActorId actor : objects_.take_unhandled()) actors_.release(now, actor);
}

void ClientCore::drop(Time now, ObjectId id, ClientOutbox& out) {
  objects_.drop(id, out);
  release_unhandled(now);
}

void ClientCore::release(Time now, const std::vector<InsideRef>& inside, ClientOutbox& out) {
  objects_.release(inside, out);
  release_unhandled(now);
}

bool ClientCore::is_needed() const {
  return objects_.owns_any() || groups_.owns_any() || actors_.is_busy() || tasks_.unfinished() > 0 || passing_.passed() > 0 ||
         borrows_.waiting() > 0;
}

void ClientCore::submit(Time now, TaskSpec spec, ClientOutbox& out) {
  const std::size_t before = out.completions.size();
  tasks_.submit(now, std::move(spec), out);
  propagate(now, before, out);
}

void ClientCore::put(Time now, ObjectId id, Value value, ClientOutbox& out, const std::vector<InsideRef>& inside) {
  const std::size_t before = out.completions.size();
  objects_.put(id, std::move(value), out, inside);
  propagate(now, before, out);
}

void ClientCore::settle(Time now, ObjectId id, Value value, Failure error, ClientOutbox& out) {
  const std::size_t before = out.completions.size();
  objects_.settle(id, std::move(value), std::move(error), out);
  propagate(now, before, out);
}

void ClientCore::settle_part(Time now, ObjectId whole, ObjectId part, Value value, Failure error, ClientOutbox& out) {
  std::vector<InsideRef> inside = objects_.inside_of(whole);
  std::erase_if(inside, [&value](const InsideRef& ref) { return value == nullptr || !mentions(*value, ref.object); });
  objects_.contain(part, inside, out);
  settle(now, part, std::move(value), std::move(error), out);
}

void ClientCore::adopt(ObjectId id, const Contact& owner, bool tell, ClientOutbox& out) {
  objects_.adopt(id, owner, out);
  if (tell) borrows_.tell(out);
}

void ClientCore::borrow(ObjectId id, const Contact& owner, ClientOutbox& out) {
  objects_.adopt(id, owner, out);
  objects_.fetch(id, owner, out);
}

void ClientCore::end_call(ProcessId to, const Message& answer, std::vector<InsideRef> inside, ClientOutbox& out) {
  const auto* done = std::get_if<TaskDone>(&answer);
  if (done == nullptr) return borrows_.say(to, answer, out);
  if (done->error) inside.clear();
  passing_.end_call(to, *done, std::move(inside), out);
}

void ClientCore::send_item(ProcessId to, StreamItem item, std::vector<InsideRef> inside, ClientOutbox& out) {
  passing_.send_item(to, std::move(item), std::move(inside), out);
}

void ClientCore::lose(Time now, ObjectId id, const CopyId& copy, const std::string& why, ClientOutbox& out) {
  const std::size_t before = out.completions.size();
  objects_.lose(id, copy, why, out);
  if (objects_.find(id) == nullptr) {
    ErrorInfo error = lost_object("the object is lost: " + why + "; nobody here refers to it any more");
    out.completions.push_back({id, nullptr, std::move(error), /*again=*/true});
  }
  propagate(now, before, out);
}

void ClientCore::create_actor(ActorSpec spec, std::vector<CallArgument> arguments, ClientOutbox& out, bool get_if_exists) {
  actors_.create(std::move(spec), std::move(arguments), get_if_exists, out);
}

void ClientCore::find_actor(const std::string& name, const std::string& name_space, ClientOutbox& out) {
  out.send(options_.head.process, WatchActor{ActorId(), name, name_space});
}

void ClientCore::call_actor(Time now, ActorCallSpec spec, ClientOutbox& out) {
  const std::size_t before = out.completions.size();
  actors_.call(now, std::move(spec), out);
  propagate(now, before, out);
}

void ClientCore::kill_actor(ActorId id, bool restart, ClientOutbox& out) {
  out.send(options_.head.process, KillActor{id, restart});
}

void ClientCore::cancel(Time now, const CancelObject& request, const Contact& owner, ClientOutbox& out) {
  if (request.object.process != options_.self.process) {
    out.learn(owner);
    return out.send(owner.process, request);
  }
  const std::size_t before = out.completions.size();
  tasks_.cancel(now, task_of(request.object), request.force, request.recursive, out) ||
      actors_.cancel(task_of(request.object), request.recursive, out);
  propagate(now, before, out);
}

void ClientCore::stream_read(Time now, const StreamRead& read, ClientOutbox& out) {
  const std::size_t before = out.completions.size();
  tasks_.stream_read(now, read, out) || actors_.stream_read(read, out);
  propagate(now, before, out);
}

void ClientCore::cancel_children(Time now, TaskId parent, ClientOutbox& out) {
  const std::size_t before = out.completions.size();
  for (const TaskId child : tasks_.children_of(parent)) tasks_.cancel(now, child, false, true, out);
  for (const TaskId child : actors_.children_of(parent)) actors_.cancel(child, true, out);
  propagate(now, before, out);
}

void ClientCore::group_ready(Time now, GroupId id, ObjectId ready, ClientOutbox& out) {
  const std::size_t before = out.completions.size();
  groups_.when_ready(id, ready, out);
  propagate(now, before, out);
}

// What is idle in it goes back before the group is removed, which would end it.
void ClientCore::remove_group(GroupId id, ClientOutbox& out) {
  tasks_.return_idle_in(id, out);
  groups_.remove(id, out);
}

void ClientCore::on_group(Time now, const GroupUpdate& update, ClientOutbox& out) {
  groups_.on_update(update, out);
  tasks_.on_group(now, update, out);
}

void ClientCore::on_no_group(Time now, const NoSuchGroup& unknown, ClientOutbox& out) {
  if (unknown.group.is_none()) return out.unknown_groups.push_back(unknown.name);
  GroupUpdate gone;
  gone.group = unknown.group;
  gone.state = GroupState::kRemoved;
  gone.why = "the head knows no such group (any more)";
  on_group(now, gone, out);
}

// What the worker keeps, and what is inside, is known here before the call's arguments are let go of.
void ClientCore::on_done(Time now, ProcessId from, const DoneWithRefs& message, ClientOutbox& out) {
  const ObjectId result = result_of(message.done.task);
  objects_.lend(from, message.node, message.kept);
  objects_.contain(result, message.inside, out);
  tasks_.on_done(now, from, message.done, out) || actors_.on_done(from, message.done, out);
  objects_.uncontain(result, out);
  passing_.take(from, {message.done.task, 0}, message.inside, out);
}

void ClientCore::on_item(ProcessId from, const ItemWithRefs& message, ClientOutbox& out) {
  const std::size_t before = out.items.size();
  std::vector<InsideRef> held = objects_.hold(message.inside, out);
  tasks_.on_item(from, message.item, out) || actors_.on_item(from, message.item, out);
  if (out.items.size() > before)
    out.items.back().inside = std::move(held);
  else
    objects_.release(held, out);
  passing_.take(from, {message.item.task, message.item.index + 1}, message.inside, out);
}

void ClientCore::on_message(Time now, ProcessId from, const Message& message, ClientOutbox& out) {
  const std::size_t before = out.completions.size();
  if (const auto* grant = std::get_if<LeaseGrant>(&message))
    tasks_.on_grant(now, from, *grant, out);
  else if (const auto* done = std::get_if<TaskDone>(&message))
    tasks_.on_done(now, from, *done, out) || actors_.on_done(from, *done, out);
  else if (const auto* item = std::get_if<StreamItem>(&message))
    tasks_.on_item(from, *item, out) || actors_.on_item(from, *item, out);
  else if (const auto* done_with_refs = std::get_if<DoneWithRefs>(&message))
    on_done(now, from, *done_with_refs, out);
  else if (const auto* item_with_refs = std::get_if<ItemWithRefs>(&message))
    on_item(from, *item_with_refs, out);
  else if (std::holds_alternative<Sync>(message))
    out.send(from, Synced{});
  else if (const auto* returned = std::get_if<TasksReturned>(&message))
    tasks_.on_returned(now, from, *returned, out);
  else if (const auto* argument = std::get_if<ArgumentLost>(&message))
    tasks_.on_argument_lost(now, from, *argument, out);
  else if (const auto* copy_lost = std::get_if<CopyLost>(&message))
    objects_.on_copy_lost(from, *copy_lost, out);
  else if (const auto* cancelled = std::get_if<CancelObject>(&message))
    cancel(now, *cancelled, Contact(), out);
  else if (const auto* refused = std::get_if<LeaseRefused>(&message))
    tasks_.on_refused(now, from, *refused, out);
  else if (const auto* lost = std::get_if<LeaseLost>(&message))
    tasks_.on_lease_lost(now, *lost, out);
  else if (const auto* placed = std::get_if<Placed>(&message))
    tasks_.on_placed(now, *placed, out);
  else if (const auto* infeasible = std::get_if<Infeasible>(&message))
    tasks_.on_infeasible(now, *infeasible, out);
  else if (const auto* update = std::get_if<ActorUpdate>(&message))
    actors_.on_update(now, *update, out);
  else if (const auto* unknown = std::get_if<NoSuchActor>(&message))
    out.unknown_names.push_back(*unknown);
  else if (const auto* fetch = std::get_if<FetchObject>(&message))
    objects_.on_fetch(from, fetch->object, out);
  else if (const auto* ready = std::get_if<ObjectReady>(&message))
    objects_.on_ready(*ready, out);
  else if (const auto* group = std::get_if<GroupUpdate>(&message))
    on_group(now, *group, out);
  else if (const auto* unknown_group = std::get_if<NoSuchGroup>(&message))
    on_no_group(now, *unknown_group, out);
  else if (const auto* died = std::get_if<NodeDied>(&message))
    on_node_died(now, *died, out);
  else if (const auto* orphaned = std::get_if<CopyOrphaned>(&message))
    objects_.on_orphaned(from, *orphaned, out);
  else if (std::holds_alternative<LetGoIdle>(message))
    out.let_go_idle = true;
  else if (const auto* idle = std::get_if<IsNeeded>(&message))
    out.send(from, NeedReply{idle->question, is_needed()});
  else if (const auto* question = std::get_if<GetState>(&message))
    on_state(now, from, *question, out);
  else if (const auto* counts = std::get_if<GetTaskCounts>(&message))
    out.send(from, TaskCounts{counts->request, tasks_.counts(), actors_.counts()});
  else
    passing_.on_message(from, message, out) || copies_.on_message(message, out);
  propagate(now, before, out);
}

void ClientCore::on_lost(Time now, ProcessId peer, const Status& why, ClientOutbox& out) {
  const std::size_t before = out.completions.size();
  if (peer == options_.head.process) {
    ErrorInfo error;
    error.kind = ErrorKind::kClusterLost;
    error.message = "the cluster's head is gone: " + why.message();
    objects_.fail_all(error, out);
    return;
  }
  copies_.on_lost(peer, why.message(), out);
  objects_.on_lost(peer, why.message(), out);
  passing_.on_lost(peer, out);
  actors_.on_lost(now, peer, why.message(), out);
  tasks_.on_lost(now, peer, why.message(), out);
  propagate(now, before, out);
}

// As if its daemon's connection had broken, which a cut link does not.
void ClientCore::on_node_died(Time now, const NodeDied& died, ClientOutbox& out) {
  copies_.on_node_died(died.daemon, died.why, out);
  objects_.on_node_died(died, out);
  passing_.on_node_died(died.node, out);
  tasks_.on_lost(now, died.daemon, died.why, out);
}

void ClientCore::on_tick(Time now, ClientOutbox& out) {
  const std::size_t before = out.completions.size();
  tasks_.on_tick(now, out);
  actors_.on_tick(now, out);
  propagate(now, before, out);
}

std::optional<Time> ClientCore::next_deadline() const {
  const std::optional<Time> tasks = tasks_.next_deadline(), actors = actors_.next_deadline();
  if (tasks && actors) return std::min(*tasks, *actors);
  return tasks ? tasks : actors;
}

}  // namespace Atoll
