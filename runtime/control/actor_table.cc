#include "runtime/control/actor_table.h"

#include "runtime/control/group_table.h"
#include "runtime/control/node_table.h"

namespace Atoll {
namespace {

ErrorInfo actor_error(ErrorKind kind, const std::string& class_name, std::string message) {
  ErrorInfo error;
  error.kind = kind;
  error.function = class_name;
  error.message = std::move(message);
  return error;
}

bool may_restart(const ActorTable::Actor& actor) {
  return actor.spec.max_restarts < 0 || actor.restarts < actor.spec.max_restarts;
}

// Nobody will construct it again: they may be large.
void drop_arguments(ActorTable::Actor& actor) { actor.spec.arguments = std::vector<std::string>(); }

}  // namespace

void ActorTable::create(Time now, const CreateActor& request, Outbox& out) {
  const ActorId id = request.spec.actor;
  const Name name{request.spec.name_space, request.spec.name};
  const auto named = request.spec.name.empty() ? names_.end() : names_.find(name);
  if (request.get_if_exists && named != names_.end() && named->second != id) {
    Actor& known = actors_.at(named->second);
    if (note_interest(request.creator.process, named->second)) known.watchers.push_back(request.creator.process);
    ActorUpdate update = update_of(named->second, known);
    update.instead_of = id;
    return out.send(request.creator.process, std::move(update));
  }
  const auto [entry, is_new] = actors_.try_emplace(id);
  Actor& actor = entry->second;
  if (!is_new) return tell(id, actor, out);
  ++counts_.created;
  actor.spec = request.spec;
  actor.creator = request.creator.process;
  actor.changed = now;
  note_interest(actor.creator, id);
  admit_early(id, actor, out);
  if (actor.spec.detached) ++detached_[actor.spec.job];
  if (named != names_.end()) {
    actor.spec.name.clear();  // it never had it
    return die(now, id, actor,
               actor_error(ErrorKind::kActorDied, request.spec.class_name,
                           "the name '" + request.spec.name +
                               "' belongs to another actor; choose another or look that one up"),
               out);
  }
  if (!actor.spec.name.empty()) names_.emplace(name, id);
  wait_for_room(id, actor);
  if (request.get_if_exists) tell(id, actor, out);  // its creator waits for the answer
  serve(now, out);
}

void ActorTable::watch(Time now, ProcessId watcher, const WatchActor& request, bool creator_lives, Outbox& out) {
  ActorId id = request.actor;
  if (id.is_none()) {
    const auto named = names_.find({request.name_space, request.name});
    if (named == names_.end()) return out.send(watcher, NoSuchActor{request.name, request.name_space});
    id = named->second;
  }
  const auto entry = actors_.find(id);
  if (entry == actors_.end() && creator_lives) return early_.push_back({watcher, id, now});
  if (entry == actors_.end()) return say_unknown(watcher, id, out);
  Actor& actor = entry->second;
  if (actor.state != ActorState::kDead && note_interest(watcher, id)) actor.watchers.push_back(watcher);
  out.send(watcher, update_of(id, actor));
}

void ActorTable::say_unknown(ProcessId watcher, ActorId id, Outbox& out) const {
  ActorUpdate unknown;
  unknown.actor = id;
  unknown.state = ActorState::kDead;
  unknown.error = actor_error(ErrorKind::kActorDied, "", "the head knows no such actor (any more)");
  out.send(watcher, std::move(unknown));
}

void ActorTable::admit_early(ActorId id, Actor& actor, Outbox& out) {
  std::erase_if(early_, [&](const EarlyWatch& early) {
    if (early.actor != id) return false;
    if (note_interest(early.watcher, id)) actor.watchers.push_back(early.watcher);
    out.send(early.watcher, update_of(id, actor));
    return true;
  });
}

void ActorTable::refuse_early(Time now, Outbox& out) {
  for (; !early_.empty() && now - early_.front().since >= kEarlyLimit; early_.pop_front())
    say_unknown(early_.front().watcher, early_.front().actor, out);
}

void ActorTable::kill(Time now, ActorId id, const std::string& why, bool restart, Outbox& out) {
  const auto entry = actors_.find(id);
  if (entry == actors_.end() || entry->second.state == ActorState::kDead) return;
  Actor& actor = entry->second;
  const ErrorInfo error = actor_error(ErrorKind::kActorDied, actor.spec.class_name, why);
  stop_on_node(actor, why, out);
  stop_waiting(id, actor);
  if (!restart) return die(now, id, actor, error, out);
  restart_or_die(now, actor, id, /*restartable=*/true, error, out);
  serve(now, out);
}

void ActorTable::stop_on_node(const Actor& actor, const std::string& why, Outbox& out) {
  if (actor.node == NodeId::kNone) return;
  view_.cancel(actor.node, actor.reservation);
  const NodeTable::Node* node = nodes_.get(actor.node);
  if (node->state == NodeState::kAlive)
    out.send(node->daemon.process, StopActor{actor.spec.actor, actor.incarnation, why});
}

void ActorTable::on_started(Time now, ProcessId daemon, const ActorStarted& started, Outbox& out) {
  const auto entry = actors_.find(started.actor);
  const bool current = entry != actors_.end() &&
                       entry->second.incarnation == started.incarnation &&
                       entry->second.state != ActorState::kDead;
  if (!current) {
    out.send(daemon, StopActor{started.actor, started.incarnation, "nobody wants it any more"});
    return;
  }
  Actor& actor = entry->second;
  if (actor.state == ActorState::kAlive) return;
  starting_.erase(started.actor);
  actor.state = ActorState::kAlive;
  actor.changed = now;
  actor.worker = started.worker;
  actor.error.reset();
  if (!may_restart(actor)) drop_arguments(actor);
  tell(started.actor, actor, out);
}

void ActorTable::on_ended(Time now, const ActorEnded& ended, Outbox& out) {
  const auto entry = actors_.find(ended.actor);
  if (entry == actors_.end()) return;
  Actor& actor = entry->second;
  const bool is_current = actor.node != NodeId::kNone && actor.incarnation == ended.incarnation;
  if (actor.state == ActorState::kDead || !is_current) return;
  if (ended.busy) {  // our picture of the node was out of date: place it anew
    actor.state = actor.restarts > 0 ? ActorState::kRestarting : ActorState::kPending;
    actor.changed = now;
    starting_.erase(ended.actor);
    unseat(actor);
    wait_for_room(ended.actor, actor);
    // Not placed at once: the node's next report says what it has.
    return tell(ended.actor, actor, out);
  }
  restart_or_die(now, actor, ended.actor, ended.restartable, ended.error, out);
  serve(now, out);
}

void ActorTable::restart_or_die(Time now, Actor& actor, ActorId id, bool restartable,
                                const ErrorInfo& error, Outbox& out) {
  if (!restartable || !may_restart(actor)) return die(now, id, actor, error, out);
  ++actor.restarts;
  ++counts_.restarts;
  actor.state = ActorState::kRestarting;
  actor.changed = now;
  starting_.erase(id);
  unseat(actor);
  actor.worker = Contact();
  actor.error = std::make_unique<ErrorInfo>(error);
  wait_for_room(id, actor);
  tell(id, actor, out);
}

void ActorTable::unseat(Actor& actor) {
  if (actor.bundle >= 0) groups_.leave_seat(actor.spec.group, actor.bundle, actor.spec.shape);
  actor.bundle = -1;
  actor.node = NodeId::kNone;
}

void ActorTable::die(Time now, ActorId id, Actor& actor, ErrorInfo error, Outbox& out) {
  if (actor.bundle >= 0) groups_.leave_seat(actor.spec.group, std::exchange(actor.bundle, -1), actor.spec.shape);
  actor.state = ActorState::kDead;
  ++counts_.died;
  actor.changed = now;
  actor.worker = Contact();
  actor.error = std::make_unique<ErrorInfo>(std::move(error));
  stop_waiting(id, actor);
  starting_.erase(id);
  if (!actor.spec.name.empty()) names_.erase({actor.spec.name_space, actor.spec.name});
  if (actor.spec.detached && --detached_[actor.spec.job] == 0) detached_.erase(actor.spec.job);
  tell(id, actor, out);
  // What only a living one needs.
  drop_arguments(actor);
  actor.spec.shape = {};
  forget_interest(actor.creator, id);
  for (const ProcessId watcher : std::exchange(actor.watchers, std::vector<ProcessId>())) forget_interest(watcher, id);
  dead_.push_back(id);
  if (dead_.size() <= kKeptDead) return;
  actors_.erase(dead_.front());
  dead_.pop_front();
}

void ActorTable::on_node_dead(Time now, NodeId node, const std::string& cause, Outbox& out) {
  std::vector<ActorId> there;
  for (const auto& [id, actor] : actors_)
    if (actor.node == node && actor.state != ActorState::kDead) there.push_back(id);
  for (const ActorId id : there) {
    Actor& actor = actors_.at(id);
    ErrorInfo error = actor_error(ErrorKind::kActorDied, actor.spec.class_name,
                                  "its node " + nodes_.get(node)->info.name + " died: " + cause);
    error.node = nodes_.get(node)->info.name;
    restart_or_die(now, actor, id, /*restartable=*/true, error, out);
  }
  serve(now, out);
}

void ActorTable::on_client_lost(Time now, ProcessId client, const std::string& why,
                                Outbox& out) {
  std::erase_if(early_, [&](const EarlyWatch& early) {
    if (early.actor.process == client && early.watcher != client) say_unknown(early.watcher, early.actor, out);
    return early.watcher == client || early.actor.process == client;
  });
  const auto interests = interests_.extract(client);
  if (interests.empty()) return;
  std::vector<ActorId> owned;
  for (const ActorId id : interests.mapped()) {
    Actor& actor = actors_.at(id);
    if (actor.creator != client)
      std::erase(actor.watchers, client);
    else if (actor.spec.detached)
      actor.creator = ProcessId::kNone;
    else
      owned.push_back(id);
  }
  for (const ActorId id : owned) kill(now, id, "its owner is gone: " + why, /*restart=*/false, out);
}

void ActorTable::end_job(Time now, ProcessId job, const std::string& why, Outbox& out) {
  std::vector<ActorId> owned;
  for (const auto& [id, actor] : actors_)
    if (actor.spec.job == job && !actor.spec.detached) owned.push_back(id);
  for (const ActorId id : owned) kill(now, id, why, /*restart=*/false, out);
}

void ActorTable::wait_for_room(ActorId id, const Actor& actor) {
  if (actor.spec.group.is_none())
    lines_[{actor.spec.shape, actor.spec.strategy}].insert(id);
  else
    waiting_in_groups_.insert(id);
}

void ActorTable::stop_waiting(ActorId id, const Actor& actor) {
  waiting_in_groups_.erase(id);
  const auto line = lines_.find({actor.spec.shape, actor.spec.strategy});
  if (line == lines_.end()) return;
  line->second.erase(id);
  if (line->second.empty()) lines_.erase(line);
}

// The oldest first; what fits goes past what does not.
void ActorTable::serve(Time now, Outbox& out) {
  serve_groups(now, out);
  std::map<ActorId, const PlaceKey*> next;  // lines that may have room, by their first
  for (const auto& [key, line] : lines_) next[*line.begin()] = &key;
  while (!next.empty()) {
    const auto [id, key] = *next.begin();
    next.erase(next.begin());
    Actor& actor = actors_.at(id);
    const auto line = lines_.find(*key);
    const bool has_more = line->second.size() > 1;
    if (!place(now, id, actor, out)) continue;
    stop_waiting(id, actor);
    if (has_more) next[*line->second.begin()] = key;
  }
}

void ActorTable::serve_groups(Time now, Outbox& out) {
  for (const ActorId id : std::vector<ActorId>(waiting_in_groups_.begin(), waiting_in_groups_.end()))
    if (place_in_group(now, id, actors_.at(id), out)) waiting_in_groups_.erase(id);
}

bool ActorTable::place(Time now, ActorId id, Actor& actor, Outbox& out) {
  const Resources& shape = actor.spec.shape;
  if (std::string why = why_never(view_, actor.spec.strategy, shape); !why.empty()) {
    die(now, id, actor, actor_error(ErrorKind::kInfeasible, actor.spec.class_name, std::move(why)), out);
    return true;
  }
  // Actors without devices are spread, so that their memory and network are;
  // those with devices fill node after node, so that neighbours share islands.
  const Policy policy = shape.gpu.is_zero() ? Policy::kSpread : Policy::kPack;
  const std::vector<Placement> placements = place_by(view_, actor.spec.strategy, shape, 1, policy);
  if (placements.empty()) return false;
  actor.node = placements[0].node;
  actor.reservation = placements[0].reservation;
  start(now, id, actor, out);
  return true;
}

// Its bundle's room is the daemon's to give; what does not fit now waits there.
bool ActorTable::place_in_group(Time now, ActorId id, Actor& actor, Outbox& out) {
  const GroupTable::Seat seat = groups_.find_seat(actor.spec.group, actor.spec.bundle, actor.spec.shape);
  if (seat.kind == GroupTable::Seat::Kind::kWait) return false;
  if (seat.kind == GroupTable::Seat::Kind::kNever) {
    die(now, id, actor, actor_error(ErrorKind::kInfeasible, actor.spec.class_name, seat.why), out);
    return true;
  }
  groups_.take_seat(actor.spec.group, seat.bundle, actor.spec.shape);
  actor.node = seat.node;
  actor.bundle = seat.bundle;
  actor.reservation = 0;
  start(now, id, actor, out);
  return true;
}

void ActorTable::start(Time now, ActorId id, Actor& actor, Outbox& out) {
  actor.state = ActorState::kStarting;
  actor.changed = now;
  starting_.insert(id);
  ++actor.incarnation;
  ask_daemon(now, actor, out);
  tell(id, actor, out);
}

void ActorTable::ask_daemon(Time now, Actor& actor, Outbox& out) const {
  actor.asked = now;
  StartActor message{actor.spec, actor.incarnation, actor.reservation};
  if (actor.bundle >= 0) message.spec.bundle = actor.bundle;
  out.send(nodes_.get(actor.node)->daemon.process, std::move(message));
}

void ActorTable::on_tick(Time now, Outbox& out) {
  refuse_early(now, out);
  for (const ActorId id : starting_)
    if (Actor& actor = actors_.at(id); now - actor.asked > kStartActorRepeat) ask_daemon(now, actor, out);
  serve(now, out);
}

void ActorTable::tell(ActorId id, const Actor& actor, Outbox& out) const {
  const ActorUpdate update = update_of(id, actor);
  if (actor.creator != ProcessId::kNone) out.send(actor.creator, update);
  for (const ProcessId watcher : actor.watchers) out.send(watcher, update);
}

void ActorTable::forget_interest(ProcessId client, ActorId id) {
  const auto interests = interests_.find(client);
  if (interests == interests_.end()) return;
  interests->second.erase(id);
  if (interests->second.empty()) interests_.erase(interests);
}

ActorUpdate ActorTable::update_of(ActorId id, const Actor& actor) {
  std::optional<ErrorInfo> error;
  if (actor.error) error = *actor.error;
  return {id,    actor.spec.name,       actor.state,      actor.incarnation, actor.worker,
          error, actor.spec.name_space, actor.spec.calls, {}};
}

}  // namespace Atoll
