#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/wire/outbox.h"

namespace Atoll {

// An encoded value, shared without copying: immutable once made.
using Value = std::shared_ptr<const std::string>;

// An error, shared without copying: immutable once made. None in most objects,
// which it costs no more than a pointer.
class Failure {
 public:
  Failure() = default;
  Failure(std::nullopt_t) {}  // NOLINT: implicit on purpose, as those that follow
  Failure(ErrorInfo error) : error_(std::make_shared<const ErrorInfo>(std::move(error))) {}
  Failure(std::optional<ErrorInfo> error) {
    if (error) error_ = std::make_shared<const ErrorInfo>(std::move(*error));
  }

  explicit operator bool() const { return error_ != nullptr; }
  bool has_value() const { return error_ != nullptr; }
  const ErrorInfo& operator*() const { return *error_; }
  const ErrorInfo* operator->() const { return error_.get(); }
  std::optional<ErrorInfo> copy() const { return error_ ? std::optional(*error_) : std::nullopt; }

 private:
  std::shared_ptr<const ErrorInfo> error_;
};

// One argument of a call: a value, or an object to be resolved before the call
// is sent. `owner` is where to ask for an object that is not ours.
struct CallArgument {
  Value value;
  ObjectId object;
  Contact owner;
  std::shared_ptr<const void> keep;  // alive until the call has ended: references inside the value

  bool is_object() const { return value == nullptr; }
};

// What a worker must have, and where it must be.
struct WorkerShape {
  Resources resources;
  GroupId group = {};        // the placement group it works in
  std::int32_t bundle = -1;  // of it; -1: any
  PlaceStrategy strategy = {};  // outside of groups
  ProcessId near = ProcessId::kNone;  // a daemon that is asked first, if it may be anywhere
  friend auto operator<=>(const WorkerShape&, const WorkerShape&) = default;
  friend bool operator==(const WorkerShape&, const WorkerShape&) = default;
};

// What few tasks have.
struct TaskExtras {
  std::string name;
  bool retries_errors = false;        // of the user's code
  std::vector<std::string> retried;   // if these types alone; empty: all
};

// What a caller asks for. The result is the object with the task's own id.
struct TaskSpec {
  TaskId task;
  std::string function;
  std::vector<CallArgument> arguments;
  WorkerShape shape;
  std::int32_t retries = 3;  // after the worker's or node's end; -1: without limit
  std::uint32_t depth = 0;   // how many tasks and calls it was submitted within
  TaskId parent = {};        // the innermost of them
  std::shared_ptr<const TaskExtras> extras = nullptr;
  std::uint32_t ahead = 0;  // of a stream: how many items may be unread; 0: it is none
  std::uint8_t sample = 0;  // as in PushTask
};

struct ActorCallSpec {
  TaskId task;
  ActorId actor;
  std::string method;
  std::vector<CallArgument> arguments;
  std::uint32_t depth = 0;
  TaskId parent = {};
  std::optional<std::int32_t> retries = {};  // none: as the actor's creator said
  std::uint32_t ahead = 0;  // as in TaskSpec
  std::string group = {};   // as in CallActor
  std::uint8_t sample = 0;  // as in PushTask
};

inline ObjectId result_of(TaskId task) { return {task.process, task.sequence}; }
inline TaskId task_of(ObjectId result) { return {result.process, result.sequence}; }

// The object that handles to the actor are references to (HANDLES-1).
inline ObjectId handles_of(ActorId actor) { return {actor.process, actor.sequence}; }
inline ActorId actor_of(ObjectId handles) { return {handles.process, handles.sequence}; }

// An object that became a value, or an error if `value` is null.
struct Completion {
  ObjectId object;
  Value value;
  Failure error;
  bool again = false;  // instead of a value that was lost
};

struct Item {
  TaskId stream;
  Value value;
  std::vector<InsideRef> inside = {};  // held (ObjectBook::hold) for who takes it
};

// A task or call that ran for long, and was not chosen for the timeline when it was submitted.
struct LongTask {
  TaskId task;
  std::string function;
  Time submitted{};
};
inline bool is_long(const TaskDone& done) { return done.run_ns >= static_cast<std::uint64_t>(kTimelineLong.count()); }

// A daemon's answer about a copy of a large object; `why` it cannot, else.
struct CopyAnswer {
  std::uint64_t number = 0;  // the question's
  std::string why = {};
  std::uint64_t copy = 0;
  std::uint64_t offset = 0;  // in the arena; of bytes that were read, in the copy
  std::uint64_t bytes = 0;
  std::string socket = {};  // the path of the arena's
  bool no_room = false;     // for a copy of what is not gone
  bool no_disk = false;     // where others could have been spilled to
};
// An object of ours that was such a copy is gone.
struct DroppedCopy {
  ProcessId keeper = ProcessId::kNone;
  std::uint64_t copy = 0;
};

// What the client wants done: messages, and what user threads wait for.
struct ClientOutbox : Outbox {
  std::vector<Completion> completions;
  std::vector<Item> items;  // of streams, each in order and before its completion
  std::vector<ActorUpdate> actor_updates;
  std::vector<ActorId> forgotten_actors;   // dead for long: their updates come first
  std::vector<NoSuchActor> unknown_names;  // actors that nobody has
  std::vector<GroupUpdate> group_updates;
  std::vector<std::string> unknown_groups;  // names that nobody has
  std::vector<CopyAnswer> copy_answers;
  std::vector<DroppedCopy> dropped_copies;
  std::vector<LongTask> long_tasks;
  bool let_go_idle = false;  // the home daemon needs room

  bool empty() const {
    return Outbox::empty() && completions.empty() && items.empty() && actor_updates.empty() &&
           forgotten_actors.empty() && unknown_names.empty() && group_updates.empty() && unknown_groups.empty() && copy_answers.empty() &&
           dropped_copies.empty() && long_tasks.empty() && !let_go_idle;
  }
  void clear() { *this = ClientOutbox(); }
};

}  // namespace Atoll
