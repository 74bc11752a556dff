#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/base/resources.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/group_messages.h"
#include "runtime/wire/node_messages.h"
#include "runtime/wire/place_strategy.h"

// Every message of a cluster. A message is one struct; what travels is its
// place in `Message` and its fields as a msgpack array (codec.h). Fields are
// only ever appended, and alternatives of Message only ever added at its end.
//
// Who speaks to whom: daemons and clients (drivers, workers, tools) to the head;
// clients to daemons for leases; clients to workers for tasks and actor calls;
// clients to each other for objects.
namespace Atoll {

// ----------------------------------------------------------------------- jobs

// A driver and what its workers need to run the same program.
struct JobInfo {
  ProcessId job = ProcessId::kNone;  // the driver's process
  Contact driver;
  std::string path;        // absolute
  std::string build_id;    // hexadecimal
  std::string directory;   // working directory of the driver
  std::vector<std::string> environment;  // "NAME=value"
  ATOLL_MESSAGE_FIELDS(job, driver, path, build_id, directory, environment)
};

enum class ClientKind : std::uint8_t { kDriver = 0, kWorker = 1, kTool = 2 };

// client -> head. Answered when the cluster is ready (every expected node
// joined), or by AttachRefused. A driver fills in `job`.
struct Attach {
  Contact client;
  ClientKind kind = ClientKind::kTool;
  std::string host;
  JobInfo job;
  ATOLL_MESSAGE_FIELDS(client, kind, host, job)
};
// `home` is the daemon that the client asks first for leases: the one on its
// own host, else the head's.
struct Attached {
  std::string cluster;
  Contact home;
  std::uint32_t nodes = 0;
  ATOLL_MESSAGE_FIELDS(cluster, home, nodes)
};
struct AttachRefused {
  std::string why;
  ATOLL_MESSAGE_FIELDS(why)
};
// driver -> head: the job is over; its workers and actors are ended.
struct Detach {
  ProcessId job = ProcessId::kNone;
  ATOLL_MESSAGE_FIELDS(job)
};
// head -> every daemon.
struct EndJob {
  ProcessId job = ProcessId::kNone;
  std::string why;
  ATOLL_MESSAGE_FIELDS(job, why)
};
// daemon -> head and back, on first use of a job on a node.
struct GetJob {
  ProcessId job = ProcessId::kNone;
  ATOLL_MESSAGE_FIELDS(job)
};
struct JobReply {
  bool found = false;
  JobInfo info;
  ATOLL_MESSAGE_FIELDS(found, info)
};

// daemon -> driver, when the driver's program is not visible on the node: the
// next piece of it from `offset`. An empty chunk with total 0 carries `why`.
struct GetProgram {
  ProcessId job = ProcessId::kNone;
  std::uint64_t offset = 0;
  ATOLL_MESSAGE_FIELDS(job, offset)
};
struct ProgramChunk {
  ProcessId job = ProcessId::kNone;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;
  std::string bytes;
  std::string why;
  ATOLL_MESSAGE_FIELDS(job, offset, total, bytes, why)
};

// --------------------------------------------------------------------- leases

// client -> daemon: `count` workers with `shape` each, now. What fits is
// answered with LeaseGrant when its worker is up, the rest at once with
// LeaseRefused. In a placement group what does not fit now waits for room in
// the bundle, until LeaseCancel.
struct LeaseRequest {
  std::uint64_t request = 0;  // of the client's own counting
  ProcessId job = ProcessId::kNone;
  Resources shape;
  std::uint32_t count = 1;
  std::uint64_t reservation = 0;  // from Placed; 0: the client asks of its own
  GroupId group;
  std::int32_t bundle = -1;  // of the group; -1: any that this daemon has
  ATOLL_MESSAGE_FIELDS(request, job, shape, count, reservation, group, bundle)
};
// client -> daemon: what still waits of the request is not wanted any more.
struct LeaseCancel {
  std::uint64_t request = 0;
  ATOLL_MESSAGE_FIELDS(request)
};
struct LeaseGrant {
  std::uint64_t request = 0;
  LeaseId lease;
  Contact worker;
  ATOLL_MESSAGE_FIELDS(request, lease, worker)
};
struct LeaseRefused {
  std::uint64_t request = 0;
  std::uint32_t count = 0;
  // The worker could not be started: trying again is no use. Empty: busy.
  std::string failure;
  bool never = false;  // in a placement group: no bundle here that was asked for can ever hold the shape
  ATOLL_MESSAGE_FIELDS(request, count, failure, never)
};
// client -> daemon.
struct LeaseReturn {
  LeaseId lease;
  bool broken = false;  // the worker is not to be used again, e.g. unreachable
  ATOLL_MESSAGE_FIELDS(lease, broken)
};
// daemon -> client: the worker ended, with words for why ("killed by signal 9").
struct LeaseLost {
  LeaseId lease;
  std::string cause;
  std::string node;       // where the worker was
  std::uint64_t pid = 0;  // 0: it never was ready
  ATOLL_MESSAGE_FIELDS(lease, cause, node, pid)
};

// client -> head: find nodes for `count` workers with `shape`. Answered by
// Placed, in parts as room appears, or by Infeasible. A later PlaceRequest with
// the same number replaces what is still to be placed by `count`; 0 cancels. Every
// Placed is passed on to its daemon as a LeaseRequest with its reservation.
struct PlaceRequest {
  std::uint64_t request = 0;
  Resources shape;
  std::uint32_t count = 0;
  PlaceStrategy strategy = {};
  ATOLL_MESSAGE_FIELDS(request, shape, count, strategy)
};
struct Placed {
  std::uint64_t request = 0;
  Contact daemon;
  std::uint32_t count = 0;
  std::uint64_t reservation = 0;
  ATOLL_MESSAGE_FIELDS(request, daemon, count, reservation)
};
struct Infeasible {
  std::uint64_t request = 0;
  std::string why;
  ATOLL_MESSAGE_FIELDS(request, why)
};

// ---------------------------------------------------------- workers and tasks

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
  ATOLL_MESSAGE_FIELDS(kind, message, type, function, node, pid, bases)
};

// client -> leased worker. Answered by TaskDone, or TasksReturned. A worker runs
// the tasks of all its callers one at a time, in order of arrival.
struct PushTask {
  TaskId task;
  std::string function;
  std::vector<std::string> arguments;
  std::uint32_t depth = 0;   // how many tasks and calls it was submitted within
  std::uint32_t ahead = 0;   // of a stream: how many items may be on their way or unread; 0: it is none
  ATOLL_MESSAGE_FIELDS(task, function, arguments, depth, ahead)
};
struct TaskDone {
  TaskId task;
  std::string value;  // encoded, if there is no error
  std::optional<ErrorInfo> error;
  std::uint64_t run_ns = 0;
  ATOLL_MESSAGE_FIELDS(task, value, error, run_ns)
};
// worker -> client: these were pushed and not begun, and will not be, since the
// task before them waits for others: perhaps for these.
struct TasksReturned {
  std::vector<TaskId> tasks;
  ATOLL_MESSAGE_FIELDS(tasks)
};
// worker -> its daemon: its task waits for others and needs no CPU, or goes on.
struct WorkerBlocked {
  bool blocked = false;
  ATOLL_MESSAGE_FIELDS(blocked)
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

// --------------------------------------------------------------------- actors

// What its callers do about calls, as the actor's creator said.
struct CallPolicy {
  std::int32_t retries = 0;      // after its end or a broken connection; -1: without limit
  bool retries_errors = false;   // also when the call threw
  std::uint32_t most_pending = 0;  // unfinished calls of one caller; 0: any number
  ATOLL_MESSAGE_FIELDS(retries, retries_errors, most_pending)
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
  std::uint32_t concurrency = 1;  // calls that may run at one time
  PlaceStrategy strategy = {};    // outside of groups
  ATOLL_MESSAGE_FIELDS(actor, job, class_name, arguments, shape, name, max_restarts, group, bundle, name_space, detached,
                       calls, concurrency, strategy)
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
// worker -> its daemon, before it exits: the actor ends by its own will.
struct ActorLeaves {
  ActorId actor;
  ATOLL_MESSAGE_FIELDS(actor)
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
// client -> the actor's worker. Answered by TaskDone.
struct CallActor {
  TaskId task;
  ActorId actor;
  std::string method;
  std::vector<std::string> arguments;
  std::uint32_t depth = 0;  // as in PushTask
  ATOLL_MESSAGE_FIELDS(task, actor, method, arguments, depth)
};

// -------------------------------------------------------------------- objects

// client -> owner: answered when the object is ready.
struct FetchObject {
  ObjectId object;
  ATOLL_MESSAGE_FIELDS(object)
};
struct ObjectReady {
  ObjectId object;
  std::string value;
  std::optional<ErrorInfo> error;
  ATOLL_MESSAGE_FIELDS(object, value, error)
};

// ---------------------------------------------------------------------- sight

struct GetStatus {
  ATOLL_MESSAGE_FIELDS()
};
enum class NodeState : std::uint8_t { kJoining = 0, kAlive = 1, kDead = 2 };
struct NodeStatus {
  NodeId node = NodeId::kNone;
  NodeState state = NodeState::kJoining;
  NodeInfo info;
  NodeUsage usage;
  double changed_ago = 0;  // seconds since `state` began
  std::string cause;       // when dead
  ATOLL_MESSAGE_FIELDS(node, state, info, usage, changed_ago, cause)
};
struct ActorStatus {
  ActorId actor;
  std::string name;
  std::string class_name;
  ActorState state = ActorState::kPending;
  NodeId node = NodeId::kNone;
  std::uint32_t incarnation = 0;
  std::string cause;
  ATOLL_MESSAGE_FIELDS(actor, name, class_name, state, node, incarnation, cause)
};
// What died, newest last, bounded.
struct DeathNote {
  double ago = 0;  // seconds
  std::string what;  // "worker 4711 on n2", "node n3"
  std::string cause;
  ATOLL_MESSAGE_FIELDS(ago, what, cause)
};
struct StatusReport {
  std::string cluster;
  Contact head;
  std::string head_node;
  std::uint64_t head_pid = 0;
  double uptime = 0;  // seconds
  std::uint32_t expected_nodes = 0;
  std::uint32_t drivers = 0;
  std::uint32_t pending_leases = 0;
  std::vector<NodeStatus> nodes;
  std::vector<ActorStatus> actors;
  std::vector<DeathNote> deaths;
  std::vector<GroupStatus> groups;
  ATOLL_MESSAGE_FIELDS(cluster, head, head_node, head_pid, uptime, expected_nodes,
                       drivers, pending_leases, nodes, actors, deaths, groups)
};
// daemon -> head: a worker ended unasked. For the status table.
struct WorkerDied {
  std::uint64_t pid = 0;
  std::string doing;  // "task count", "actor Partition", "nothing"
  std::string cause;
  ATOLL_MESSAGE_FIELDS(pid, doing, cause)
};

// head -> every driver and worker: nothing will come from that node any more,
// whatever became of the connections to it.
struct NodeDied {
  NodeId node = NodeId::kNone;
  ProcessId daemon = ProcessId::kNone;
  std::string why;
  ATOLL_MESSAGE_FIELDS(node, daemon, why)
};

using MessageVariant =
    std::variant<Join, Welcome, Heartbeat, HeartbeatAck, Expelled, Stop, Attach,
                 Attached, AttachRefused, Detach, EndJob, GetJob, JobReply,
                 GetProgram, ProgramChunk, LeaseRequest, LeaseGrant,
                 LeaseRefused, LeaseReturn, LeaseLost, PlaceRequest, Placed,
                 Infeasible, WorkerReady, PushTask, TaskDone, CreateActor,
                 WatchActor, NoSuchActor, ActorUpdate, KillActor, StartActor,
                 ActorStarted, ActorEnded, StopActor, InitActor, InitActorDone,
                 CallActor, FetchObject, ObjectReady, GetStatus, StatusReport,
                 WorkerDied, NodeDied, LeaseCancel, CreateGroup, WatchGroup,
                 NoSuchGroup, RemoveGroup, GroupUpdate, ReserveBundles,
                 BundlesReserved, FreeBundles, TasksReturned, WorkerBlocked,
                 CancelTask, CancelObject, StreamItem, StreamRead, ActorLeaves, Sync, Synced>;

template <typename T, typename Variant>
inline constexpr bool kIsOneOf = false;
template <typename T, typename... Kinds>
inline constexpr bool kIsOneOf<T, std::variant<Kinds...>> = (std::is_same_v<T, Kinds> || ...);

// A type of its own, so that its name in symbols and errors is short. What makes, moves and ends one is in messages.cc:
// inline, every object that sends a message would compile the moving of all of them.
struct Message : MessageVariant {
  Message();
  template <typename T>
    requires kIsOneOf<T, MessageVariant>
  Message(T message);  // NOLINT: implicit on purpose; instantiated in messages.cc
  Message(const Message& other);
  Message(Message&& other) noexcept;
  Message& operator=(const Message& other);
  Message& operator=(Message&& other) noexcept;
  ~Message();
};

// Heartbeats and what follows from their absence (DESIGN §6: a silent node
// within 3 s).
inline constexpr Duration kHeartbeatInterval = std::chrono::milliseconds(500);
inline constexpr Duration kNodeSilence = std::chrono::milliseconds(2500);

}  // namespace Atoll
