#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/wire/outbox.h"

namespace Atoll {

// An encoded value, shared without copying: immutable once made.
using Value = std::shared_ptr<const std::string>;

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
  friend auto operator<=>(const WorkerShape&, const WorkerShape&) = default;
  friend bool operator==(const WorkerShape&, const WorkerShape&) = default;
};

// What a caller asks for. The result is the object with the task's own id.
struct TaskSpec {
  TaskId task;
  std::string function;
  std::vector<CallArgument> arguments;
  WorkerShape shape;
  std::int32_t retries = 3;  // after the worker's or node's end; -1: without limit
};

struct ActorCallSpec {
  TaskId task;
  ActorId actor;
  std::string method;
  std::vector<CallArgument> arguments;
};

inline ObjectId result_of(TaskId task) { return {task.process, task.sequence}; }

// An object that became a value, or an error if `value` is null.
struct Completion {
  ObjectId object;
  Value value;
  std::optional<ErrorInfo> error;
};

// What the client wants done: messages, and what user threads wait for.
struct ClientOutbox : Outbox {
  std::vector<Completion> completions;
  std::vector<ActorUpdate> actor_updates;
  std::vector<std::string> unknown_names;  // actors that nobody has
  std::vector<GroupUpdate> group_updates;
  std::vector<std::string> unknown_groups;  // names that nobody has

  bool empty() const {
    return Outbox::empty() && completions.empty() && actor_updates.empty() && unknown_names.empty() &&
           group_updates.empty() && unknown_groups.empty();
  }
  void clear() { *this = ClientOutbox(); }
};

}  // namespace Atoll
