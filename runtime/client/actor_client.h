#pragma once

#include <deque>
#include <map>
#include <unordered_map>

#include "runtime/base/clock.h"
#include "runtime/client/call_arguments.h"

namespace Atoll {

// The caller's side of actors: holds calls until the actor is up, sends them in
// order, settles their results, and fails them when the actor dies.
//
// CALLS-1 calls of this process to one actor are sent in the order they were
//         made, also when an earlier one waits for an object
// CALLS-2 a call that was sent to an incarnation that ended is never sent again:
//         it fails with that incarnation's cause
// CALLS-3 calls not yet sent wait while the actor starts or restarts
class ActorClient {
 public:
  ActorClient(const Contact& self, ObjectBook& objects) : self_(self), objects_(objects) {}

  void set_head(ProcessId head) { head_ = head; }

  // Creates an actor. Its constructor's arguments must be settled objects or
  // values; pending ones hold the creation back.
  void create(ActorSpec spec, std::vector<CallArgument> arguments, ClientOutbox& out);
  // Makes an actor known here: by the id in a handle that came from elsewhere.
  void watch(ActorId id, ClientOutbox& out);
  void call(ActorCallSpec spec, ClientOutbox& out);

  // Drops the call if it was not sent, else tells the actor; false if it is no unfinished call of ours.
  bool cancel(TaskId id, bool recursive, ClientOutbox& out);
  // The unfinished calls that this task made.
  std::vector<TaskId> children_of(TaskId parent) const;

  void on_update(Time now, const ActorUpdate& update, ClientOutbox& out);
  // Returns false if the task is not a call that was sent.
  bool on_done(const TaskDone& done, ClientOutbox& out);
  void on_object_settled(ClientOutbox& out);
  void on_lost(Time now, ProcessId peer, const std::string& why, ClientOutbox& out);
  void on_tick(Time now, ClientOutbox& out);
  std::optional<Time> next_deadline() const;

 private:
  struct Call {
    ActorCallSpec spec;
    CallArguments arguments;
  };
  struct Creation {
    ActorSpec spec;
    CallArguments arguments;
  };
  struct Actor {
    ActorState state = ActorState::kPending;
    std::uint32_t incarnation = 0;
    Contact worker;
    std::optional<ErrorInfo> error;
    std::deque<Call> queue;               // not sent
    std::map<TaskId, Call> sent;          // to this incarnation
    std::optional<Time> unreachable_since;  // the head has not said why yet
  };

  void flush(ActorId id, Actor& actor, ClientOutbox& out);
  void fail_sent(Actor& actor, const ErrorInfo& error, ClientOutbox& out);
  void finish(Call& call, Value value, std::optional<ErrorInfo> error, ClientOutbox& out);
  void send_creation(ActorId id, ClientOutbox& out);

  Contact self_;
  ObjectBook& objects_;
  ProcessId head_ = ProcessId::kNone;
  std::map<ActorId, Actor> actors_;
  std::map<ActorId, Creation> creations_;       // held back by an argument
  std::unordered_map<TaskId, ActorId> by_task_;  // of calls that were sent
};

// How long a lost connection to an actor waits for the head's words on it.
inline constexpr Duration kActorVerdictLimit = std::chrono::seconds(5);

}  // namespace Atoll
