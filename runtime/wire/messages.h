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
#include "runtime/wire/actor_messages.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/group_messages.h"
#include "runtime/wire/log_messages.h"
#include "runtime/wire/node_messages.h"
#include "runtime/wire/object_messages.h"
#include "runtime/wire/place_strategy.h"
#include "runtime/wire/state_messages.h"
#include "runtime/wire/task_messages.h"
#include "runtime/wire/totals.h"
#include "runtime/wire/timeline_messages.h"

// Every message of a cluster. A message is one struct; what travels is its
// place in `Message` and its fields as a msgpack array (codec.h). Within a version
// of the protocol (hello.h) fields are only ever appended, and alternatives of
// Message only ever added at its end.
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
  std::uint64_t pid = 0;
  ATOLL_MESSAGE_FIELDS(client, kind, host, job, pid)
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
  WorkTotals totals = {};
  ATOLL_MESSAGE_FIELDS(job, totals)
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
  std::string work = {};     // the function of the tasks that it is for; "": several
  ATOLL_MESSAGE_FIELDS(request, job, shape, count, reservation, group, bundle, work)
};
// client -> daemon: what the worker is used for from now on, as LeaseRequest::work.
struct NameLease {
  LeaseId lease;
  std::string work;
  ATOLL_MESSAGE_FIELDS(lease, work)
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
  ClusterTotals totals;
  ATOLL_MESSAGE_FIELDS(cluster, head, head_node, head_pid, uptime, expected_nodes,
                       drivers, pending_leases, nodes, actors, deaths, groups, totals)
};
// daemon -> head: a worker ended unasked. For the status table.
struct WorkerDied {
  std::uint64_t pid = 0;
  std::string doing;  // "task count", "actor Partition", "nothing"
  std::string cause;
  ATOLL_MESSAGE_FIELDS(pid, doing, cause)
};

// head -> every driver, worker and living daemon: nothing will come from that node any more,
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
                 CancelTask, CancelObject, StreamItem, StreamRead, ActorLeaves, Sync, Synced,
                 ReturnTasks, GetArena, ArenaReply, MakeRoom, RoomMade, RoomRefused, SealCopy, HoldCopy, CopyHeld, CopyGone,
                 LetGo, LetGoIdle, OwnCopies, DropCopies, CopyOrphaned, OwnerGone,
                 ReadCopy, CopyBytes, CopyDropped, CopyElsewhere, CopyTaken,
                 GetPeers, Peers, GetState, StateReport,
                 BorrowObjects, ObjectsBorrowed, ReturnObjects, DoneWithRefs, ItemWithRefs, RefsTaken, RecountRefs,
                 CopyLost, ArgumentLost, NameLease, GetLogs, LogList, ReadLog, LogBytes, WorkerLastTry, IsNeeded, NeedReply,
                 GetTaskCounts, TaskCounts, TimelineChunk, FlushTimeline, GetTimeline, TimelinePart, GetClock, ClockReply,
                 GatherState>;

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
