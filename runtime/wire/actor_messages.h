#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/resources.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/place_strategy.h"
#include "runtime/wire/task_messages.h"

// The messages of actors; messages.h has the rules.
namespace Atoll {

// What its callers do about calls, as the actor's creator said.
struct CallPolicy {
  std::int32_t retries = 0;      // after its end or a broken connection; -1: without limit
  bool retries_errors = false;   // also when the call threw
  std::uint32_t most_pending = 0;  // unfinished calls of one caller; 0: any number
  ATOLL_MESSAGE_FIELDS(retries, retries_errors, most_pending)
};

// Calls of an actor that run beside all others, `most` of them at one time: of these
// methods, and calls that name the group.
struct ConcurrencyGroup {
  std::string name;
  std::uint32_t most = 1;
  std::vector<std::string> methods;
  ATOLL_MESSAGE_FIELDS(name, most, methods)
};

struct ActorSpec {
  ActorId actor;
  ProcessId job = ProcessId::kNone;
  std::string class_name;
  std::vector<std::string> arguments;
  Resources shape;
  std::string name;  // empty: none
  std::int32_t max_restarts = 0;  // -1: without limit
  GroupId group;                  // the placement group it lives in
  std::int32_t bundle = -1;       // -1: any of it
  std::string name_space;         // in which `name` is one actor's alone
  bool detached = false;          // it outlives its creator and its job
  CallPolicy calls;
  std::uint32_t concurrency = 0;  // calls that may run at one time; 0: as its class needs
  PlaceStrategy strategy = {};    // outside of placement groups
  std::vector<ConcurrencyGroup> groups;
  ATOLL_MESSAGE_FIELDS(actor, job, class_name, arguments, shape, name, max_restarts, group, bundle, name_space, detached,
                       calls, concurrency, strategy, groups)
};

enum class ActorState : std::uint8_t {
  kPending = 0,  // waits for room
  kStarting = 1,
  kAlive = 2,
  kRestarting = 3,
  kDead = 4,
};

// client -> head. Every change of state is answered by an ActorUpdate to the
// creator and to all who watch.
struct CreateActor {
  ActorSpec spec;
  Contact creator;
  // If the name is a living actor's, that is the answer: an ActorUpdate of it, with
  // `instead_of` this one.
  bool get_if_exists = false;
  ATOLL_MESSAGE_FIELDS(spec, creator, get_if_exists)
};
// client -> head: by id, or by name if the id is none.
struct WatchActor {
  ActorId actor;
  std::string name;
  std::string name_space = {};
  ATOLL_MESSAGE_FIELDS(actor, name, name_space)
};
// The answer to WatchActor for a name that nobody has.
struct NoSuchActor {
  std::string name;
  std::string name_space = {};
  ATOLL_MESSAGE_FIELDS(name, name_space)
};
struct ActorUpdate {
  ActorId actor;
  std::string name;
  ActorState state = ActorState::kPending;
  std::uint32_t incarnation = 0;  // grows with every (re)start, from 1
  Contact worker;                 // when alive
  std::optional<ErrorInfo> error; // when dead or restarting: why
  std::string name_space = {};
  CallPolicy calls = {};
  ActorId instead_of = {};        // see CreateActor
  ATOLL_MESSAGE_FIELDS(actor, name, state, incarnation, worker, error, name_space, calls, instead_of)
};
// client -> head.
struct KillActor {
  ActorId actor;
  bool restart = false;  // it may be restarted, if it has restarts left
  ATOLL_MESSAGE_FIELDS(actor, restart)
};

// head -> daemon. Answered by ActorStarted or ActorEnded. Repeating it is
// harmless.
struct StartActor {
  ActorSpec spec;
  std::uint32_t incarnation = 0;
  std::uint64_t reservation = 0;
  ATOLL_MESSAGE_FIELDS(spec, incarnation, reservation)
};
struct ActorStarted {
  ActorId actor;
  std::uint32_t incarnation = 0;
  Contact worker;
  ATOLL_MESSAGE_FIELDS(actor, incarnation, worker)
};
// daemon -> head. `busy`: it never started, since there was no room.
struct ActorEnded {
  ActorId actor;
  std::uint32_t incarnation = 0;
  bool busy = false;
  bool restartable = true;  // false: the constructor threw, or it was asked to end
  ErrorInfo error;
  ATOLL_MESSAGE_FIELDS(actor, incarnation, busy, restartable, error)
};
struct StopActor {
  ActorId actor;
  std::uint32_t incarnation = 0;
  std::string why;
  ATOLL_MESSAGE_FIELDS(actor, incarnation, why)
};

// daemon -> worker: become this actor. Answered by InitActorDone.
struct InitActor {
  ActorSpec spec;
  std::uint32_t incarnation = 1;
  ATOLL_MESSAGE_FIELDS(spec, incarnation)
};
// worker -> its daemon, before it exits: the actor ends by its own will; or, if there
// are words for why, since it cannot go on.
struct ActorLeaves {
  ActorId actor;
  std::string why = {};
  bool restartable = false;  // as in ActorEnded
  std::optional<std::int32_t> status = {};  // as in ErrorInfo
  ATOLL_MESSAGE_FIELDS(actor, why, restartable, status)
};
struct InitActorDone {
  ActorId actor;
  std::optional<ErrorInfo> error;
  ATOLL_MESSAGE_FIELDS(actor, error)
};
// client -> client: answered by Synced, when all that was said before has been
// heard.
struct Sync {
  ATOLL_MESSAGE_FIELDS()
};
struct Synced {
  ATOLL_MESSAGE_FIELDS()
};
// client -> the actor's worker. Answered by TaskDone. The method kLeave tells the actor to end, after all calls before it.
inline constexpr const char* kLeave = "~";
struct CallActor {
  TaskId task;
  ActorId actor;
  std::string method;
  std::vector<std::string> arguments;
  std::uint32_t depth = 0;  // as in PushTask
  std::uint32_t ahead = 0;  // likewise
  std::string group = {};   // of the actor's concurrency groups; empty: the method's own
  std::uint8_t sample = 0;  // as in PushTask
  ATOLL_MESSAGE_FIELDS(task, actor, method, arguments, depth, ahead, group, sample)
};

}  // namespace Atoll
