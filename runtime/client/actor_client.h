#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/sequence_table.h"
#include "runtime/client/call_arguments.h"
#include "runtime/client/stream_progress.h"

namespace Atoll {

// The caller's side of actors: holds calls until the actor is up, sends them in
// order, settles their results, and fails them when the actor dies.
//
// CALLS-1 calls of this process to one actor are sent in the order they were
//         made, also when an earlier one waits for an object, and when they are
//         sent again
// CALLS-2 a call that was sent to an incarnation that ended, or over a connection
//         that broke, is sent again only if its retries allow: else it fails with
//         the cause
// CALLS-3 calls not yet sent wait while the actor starts or restarts
// CALLS-4 no more than kMostUnderWay calls are sent and not answered
// CALLS-5 no more than CallPolicy::most_pending are unfinished: more fail at once
// CALLS-6 the items of a stream come out in order and once, though its call is sent
//         again
// CALLS-7 of dead actors the last kRememberedDead are known; who calls an older one asks the head again
//
// Handles to an actor are references to an object of its creator that has the actor's number and no value (handles_of), so
// that borrow_book.h has the rules of how they are counted.
//
// HANDLES-1 an actor is told to leave when its creator hears that no process has a handle to it, and not before. Handles by
//           name, and those to detached actors, do not count
// HANDLES-2 in another process than its creator, unfinished calls to an actor count as a handle
// HANDLES-3 the last call is sent when no other call of the creator is unfinished, again whatever becomes of it, until the
//           actor is dead
class ActorClient {
 public:
  ActorClient(const Contact& self, ObjectBook& objects) : self_(self), objects_(objects) {}

  void set_head(ProcessId head) { head_ = head; }

  // Creates an actor. Its constructor's arguments must be settled objects or
  // values; pending ones hold the creation back.
  void create(ActorSpec spec, std::vector<CallArgument> arguments, bool get_if_exists, ClientOutbox& out);
  // Makes an actor known here: by the id in a handle that came from elsewhere.
  void watch(ActorId id, ClientOutbox& out);
  void call(Time now, ActorCallSpec spec, ClientOutbox& out);
  // Tells the actor, one of ours, to leave, in a while: nobody has a handle any more. A process that ends meanwhile tells
  // none; its actors end with it.
  void release(Time now, ActorId id);
  // Drops the call if it was not sent, else tells the actor; false if it is no unfinished call of ours.
  bool cancel(TaskId id, bool recursive, ClientOutbox& out);
  // Of a call that fills a stream. These return false if no such call of ours is unfinished.
  bool on_item(ProcessId worker, const StreamItem& item, ClientOutbox& out);
  bool stream_read(const StreamRead& read, ClientOutbox& out);
  // The unfinished calls that this task made.
  std::vector<TaskId> children_of(TaskId parent) const;

  void on_update(Time now, const ActorUpdate& update, ClientOutbox& out);
  // Returns false if the task is not a call that was sent to this worker.
  bool on_done(ProcessId worker, const TaskDone& done, ClientOutbox& out);
  void on_object_settled(ObjectId object, ClientOutbox& out);
  void on_lost(Time now, ProcessId peer, const std::string& why, ClientOutbox& out);
  void on_tick(Time now, ClientOutbox& out);
  std::optional<Time> next_deadline() const;

  std::size_t unfinished() const { return calls_.size(); }
  // Whether there are unfinished calls, actors that are to be created when their arguments are there, or told to leave.
  bool is_busy() const { return !calls_.empty() || !creations_.empty() || !released_.empty(); }
  std::uint64_t finished() const { return counts_.finished; }  // calls, ever, without an error
  WorkCounts counts() const;
  // The unfinished calls, as they are listed (client_state.cc).
  void list(StateRows& rows) const;

 private:
  struct Actor;
  struct Call {
    TaskId task;
    Actor* actor = nullptr;
    std::string method;
    CallArguments arguments;
    TaskId parent;
    std::optional<std::int32_t> retries;
    std::int32_t retried = 0;
    std::uint32_t depth = 0;
    std::uint32_t ahead = 0;
    bool sent = false;
    bool cancelled = false;
    std::uint8_t sample = 0;
    Time submitted{};
    std::unique_ptr<StreamProgress> stream;  // null for most
    std::unique_ptr<std::string> group;      // likewise
  };
  struct Creation {
    ActorSpec spec;
    CallArguments arguments;
    bool get_if_exists = false;
  };
  struct Actor {
    ActorId id;
    ActorState state = ActorState::kPending;
    std::uint32_t incarnation = 0;
    Contact worker;
    Failure error;
    CallPolicy policy;
    std::deque<std::uint64_t> queue;  // calls by sequence, not sent, some cancelled since
    std::deque<std::uint64_t> sent;   // to this incarnation, in order, some answered since
    std::size_t pending = 0;          // unfinished calls
    std::size_t under_way = 0;        // of them sent
    bool counts = false;              // the unfinished ones, as a handle to another's actor
    std::optional<Time> unreachable_since;  // the head has not said why yet
    std::unique_ptr<CallArguments> kept;    // what it is made of, if large or with references: until it is up
    bool may_restart = false;               // then until it is dead
  };

  Actor& actor_of(ActorId id);
  Call* find(TaskId id) { return id.process == self_.process ? calls_.find(id.sequence) : nullptr; }
  void flush(Actor& actor, ClientOutbox& out);
  void leave(Time now, ActorId id, ClientOutbox& out);
  // The number of the last call is the actor's own.
  static bool is_last(const Call& call) { return call.task == TaskId{call.actor->id.process, call.actor->id.sequence}; }
  void send(Actor& actor, Call& call, ClientOutbox& out);
  // What was sent is sent again or fails with `error`.
  void take_back(Actor& actor, const ErrorInfo& error, ClientOutbox& out);
  bool may_retry(const Call& call) const;
  void finish(Call& call, Value value, Failure error, ClientOutbox& out);
  void send_creation(ActorId id, ClientOutbox& out);
  void release_kept(Actor& actor, ClientOutbox& out);
  // Of one that has just died: makes room for its record.
  void remember_dead(ActorId id, ClientOutbox& out);

  Contact self_;
  ObjectBook& objects_;
  ProcessId head_ = ProcessId::kNone;
  std::unordered_map<ActorId, Actor> actors_;
  SequenceTable<Call> calls_;              // unfinished, by sequence
  std::deque<ActorId> dead_;               // the oldest first; they have no unfinished calls
  std::map<ActorId, Creation> creations_;  // held back by an argument
  // What waits for an object: actors whose next call has it as an argument, and held back creations.
  std::unordered_map<ObjectId, std::vector<ActorId>> waiting_;
  std::unordered_map<ProcessId, ActorId> by_worker_;  // of actors that are alive
  std::map<ActorId, Time> unreachable_;
  struct Release {
    Time due;
    ActorId actor;
  };
  std::deque<Release> released_;
  WorkCounts counts_;  // but for those that are under way
};

// How long a lost connection to an actor waits for the head's words on it.
inline constexpr Duration kActorVerdictLimit = std::chrono::seconds(5);
inline constexpr std::size_t kRememberedDead = 1'000;
// How long after its last handle an actor is told to leave.
inline constexpr Duration kReleaseDelay = std::chrono::milliseconds(100);
// Calls to one actor that are on their way or run: more would only fill queues on the way.
inline constexpr std::size_t kMostUnderWay = 1024;

}  // namespace Atoll
