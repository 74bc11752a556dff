#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/node_messages.h"

// The messages of workers and their tasks; messages.h has the rules.
namespace Atoll {

// What a worker was given, as its daemon decided it; a program reads it with
// this_worker().
struct WorkerBinding {
  std::string node;
  std::vector<GpuRecord> gpus;
  std::vector<std::int32_t> cpus;  // the CPU set; empty: not bound
  std::int32_t numa = -1;
  std::vector<std::string> nics;  // the nearest, nearest first
  std::string group;              // the placement group's name
  std::int32_t bundle = -1;       // in it: its rank; -1: in none
  std::uint32_t bundles = 0;      // of the group
  ATOLL_MESSAGE_FIELDS(node, gpus, cpus, numa, nics, group, bundle, bundles)
};

// worker -> its daemon, once, when it can be pushed to.
struct WorkerReady {
  Contact worker;
  std::uint64_t pid = 0;
  std::string build_id;
  ATOLL_MESSAGE_FIELDS(worker, pid, build_id)
};

enum class ErrorKind : std::uint8_t {
  kTaskFailed = 0,     // the user's code threw
  kWorkerDied = 1,     // the process ended under the task
  kActorDied = 2,      // and will not come back
  kActorUnavailable = 3,
  kInfeasible = 4,
  kObjectLost = 5,
  kUnknownFunction = 6,
  kBadArguments = 7,   // they do not decode as the function's parameters
  kCancelled = 8,
  kClusterLost = 9,
  kGroupRemoved = 10,
  kNestedTooDeep = 11,
  kTooManyCalls = 12,  // more unfinished calls of one caller than the actor takes
  kOutOfMemory = 13,   // a node's object memory is full
  kOutOfDisk = 14,     // so is the disk that others could be spilled to
};

// An error that travels to the caller. `node` and `process` are where it
// happened, empty and 0 if nowhere in particular.
struct ErrorInfo {
  ErrorKind kind = ErrorKind::kTaskFailed;
  std::string message;
  std::string type;  // of the user's exception, demangled
  std::string function;
  std::string node;
  std::uint64_t pid = 0;
  std::vector<std::string> bases;  // of `type`, demangled: what else a handler could catch it as
  std::optional<std::int32_t> status = {};  // of the command that ended; 128 + n after signal n
  ATOLL_MESSAGE_FIELDS(kind, message, type, function, node, pid, bases, status)
};

// client -> leased worker. Answered by TaskDone, TasksReturned or ArgumentLost. A worker runs
// the tasks of all its callers one at a time, in order of arrival.
struct PushTask {
  TaskId task;
  std::string function;
  std::vector<std::string> arguments;
  std::uint32_t depth = 0;   // how many tasks and calls it was submitted within
  std::uint32_t ahead = 0;   // of a stream: how many items may be on their way or unread; 0: it is none
  bool last_try = false;     // should the worker end, the task is not run again
  std::uint8_t sample = 0;   // for the timeline: one of 2^(sample - 1) tasks; 0: it was not chosen
  ATOLL_MESSAGE_FIELDS(task, function, arguments, depth, ahead, last_try, sample)
};
struct TaskDone {
  TaskId task;
  std::string value;  // encoded, if there is no error
  std::optional<ErrorInfo> error;
  std::uint64_t run_ns = 0;
  ATOLL_MESSAGE_FIELDS(task, value, error, run_ns)
};
// worker -> client: these were pushed and not begun, and will not be: the client
// wants them back, or the task before them waits for others, perhaps for these.
struct TasksReturned {
  std::vector<TaskId> tasks;
  ATOLL_MESSAGE_FIELDS(tasks)
};
// worker -> client: the task was not begun, and will not be: an argument's value is a copy that cannot be read any more.
struct ArgumentLost {
  TaskId task;
  std::string location;  // encoded, as it was pushed
  std::string why;
  ATOLL_MESSAGE_FIELDS(task, location, why)
};
// client -> worker: what was pushed and is not begun is better run elsewhere.
// Answered by TasksReturned, if there is any.
struct ReturnTasks {
  ATOLL_MESSAGE_FIELDS()
};
// worker -> its daemon: its task waits for others and needs no CPU, or goes on.
struct WorkerBlocked {
  bool blocked = false;
  ATOLL_MESSAGE_FIELDS(blocked)
};
// worker -> its daemon, when it changed: whether its task would not be run again, should the process end.
struct WorkerLastTry {
  bool last_try = false;
  ATOLL_MESSAGE_FIELDS(last_try)
};
// daemon -> worker, which nobody has used for long: may it end, or do others need what it has? Answered by NeedReply.
struct IsNeeded {
  std::uint64_t question = 0;  // of the daemon's own counting
  ATOLL_MESSAGE_FIELDS(question)
};
struct NeedReply {
  std::uint64_t question = 0;
  bool needed = false;
  ATOLL_MESSAGE_FIELDS(question, needed)
};
// client -> worker: a task that is not begun is not wanted any more, one that
// runs is told so; with `recursive` the tasks it submitted as well. Answered as
// ever, by TaskDone.
struct CancelTask {
  TaskId task;
  bool recursive = false;
  ATOLL_MESSAGE_FIELDS(task, recursive)
};
// client -> owner: cancel what the object is the result of.
struct CancelObject {
  ObjectId object;
  bool force = false;
  bool recursive = false;
  ATOLL_MESSAGE_FIELDS(object, force, recursive)
};
// worker -> client: the next result of a stream, counted from 0.
struct StreamItem {
  TaskId task;
  std::uint64_t index = 0;
  std::string value;
  ATOLL_MESSAGE_FIELDS(task, index, value)
};
// client -> worker: so many items were read. `closed`: nobody reads any more.
struct StreamRead {
  TaskId task;
  std::uint64_t items = 0;
  bool closed = false;
  ATOLL_MESSAGE_FIELDS(task, items, closed)
};

}  // namespace Atoll
