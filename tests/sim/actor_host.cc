#include "tests/sim/actor_host.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/wire/codec.h"
#include "tests/sim/holders.h"

namespace Atoll::sim {
namespace {

constexpr Duration kLongestCall = std::chrono::milliseconds(10);

}  // namespace

ActorHost::ActorHost(Holders& world) : world_(world) { world.network.add(kProcess, 0, *this); }

std::size_t ActorHost::running() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(actors_, [](const auto& each) { return each.second.created && !each.second.ended; }));
}

void ActorHost::create(ProcessId creator, ActorId id) {
  Actor& actor = actors_[id];
  actor.created = true;
  actor.ended = !world_.at(creator).alive;
  actor.watchers.insert(creator);
  for (const ProcessId watcher : actor.watchers) tell(watcher, id, actor);
}

void ActorHost::watch(ProcessId watcher, ActorId id) {
  Actor& actor = actors_[id];
  actor.watchers.insert(watcher);
  actor.ended |= !world_.at(id.process).alive;
  if (actor.created || actor.ended) tell(watcher, id, actor);
}

void ActorHost::on_killed(ProcessId holder) {
  for (auto& [id, actor] : actors_) {
    if (id.process != holder || actor.ended) continue;
    actor.ended = true;
    for (const ProcessId watcher : actor.watchers) tell(watcher, id, actor);
  }
}

void ActorHost::tell(ProcessId to, ActorId id, const Actor& actor) {
  if (!world_.at(to).alive) return;
  ActorUpdate update;
  update.actor = id;
  update.incarnation = 1;
  update.state = actor.ended ? ActorState::kDead : ActorState::kAlive;
  update.worker = {kProcess, NodeId(0), "sim"};
  if (actor.ended) update.error.emplace().kind = ErrorKind::kActorDied;
  world_.network.send(Holders::kDirectory, to, encode(update));
}

void ActorHost::on_bytes(ProcessId from, std::string_view bytes) {
  const Result<Message> message = decode(bytes);
  ATOLL_CHECK(message.ok(), message.status().to_string());
  if (const auto* call = std::get_if<CallActor>(&*message)) begin(from, *call);
}

void ActorHost::begin(ProcessId caller, const CallActor& call) {
  Actor& actor = actors_.at(call.actor);
  if (!world_.at(call.actor.process).alive) return;
  CHECK_MESSAGE((!actor.ended || world_.any_killed()), to_string(call.actor) << " is called, and was told to leave");
  const bool is_last = call.method == kLeave;
  if (is_last) leave(call.actor, actor);
  actor.callers.insert(caller);
  const auto time = Duration(static_cast<Duration::rep>(world_.chance(static_cast<std::uint64_t>(kLongestCall.count()))));
  world_.clock.after(time, [this, caller, task = call.task, &actor] {
    actor.callers.erase(actor.callers.find(caller));
    if (world_.at(caller).alive) world_.network.send(kProcess, caller, encode(TaskDone{task, "", {}, 1}));
  });
}

void ActorHost::leave(ActorId id, Actor& actor) {
  actor.ended = true;
  ++left_;
  for (const auto& holder : world_.all()) {
    if (!holder->alive) continue;
    const auto has = holder->since().find(handles_of(id));
    CHECK_MESSAGE((has == holder->since().end() || world_.is_excused(has->second)),
                  to_string(holder->id) << " has a handle to " << to_string(id) << ", which is told to leave");
    CHECK_MESSAGE((!actor.callers.contains(holder->id) || world_.any_killed()),
                  to_string(holder->id) << " waits for a call to " << to_string(id) << ", which is told to leave");
  }
  for (const ProcessId watcher : actor.watchers) tell(watcher, id, actor);
}

}  // namespace Atoll::sim
