#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "runtime/metrics/task_census.h"
#include "runtime/node/bundle_table.h"
#include "runtime/node/job_table.h"
#include "runtime/node/memory_watch.h"
#include "runtime/node/node_counts.h"
#include "runtime/node/node_timeline.h"
#include "runtime/node/state_gatherer.h"
#include "runtime/node/worker_table.h"
#include "runtime/objects/node_objects.h"
#include "runtime/wire/traffic.h"
#include "topology/gpu_graph.h"

namespace Atoll {

// The node daemon's logic, without I/O: events in, a NodeOutbox out. It joins
// the head and keeps telling it what is free, grants leases from its ledger,
// hosts actors, and has workers started and ended. Its ledger, not the head's
// picture of it, decides what fits.
//
// NODE-1 what is granted never exceeds what the node brought in
// NODE-2 every lease and actor gives back exactly what it was granted, once,
//        whether its worker ends, its owner ends, its job ends or it is returned;
//        if its worker is killed for it, when that process has ended
// NODE-3 every LeaseRequest is answered for its whole count: granted, refused,
//        or the owner is gone
// NODE-4 a worker's end is told to its tenant's owner at once, with the cause
// NODE-5 an incarnation of an actor is started at most once, and ends the ones
//        before it
// NODE-7 a lease or an actor in a bundle takes of that bundle alone; what does not
//        fit there now waits, and is answered when it does, when its group goes
//        or when it is cancelled
// NODE-8 a lease whose worker waits for other tasks lends its CPUs, no more than
//        kMaxLending of them at one time but for one more every kLendInterval
// NODE-9 no more than Options::most_starting workers start at one time, and their
//        start limit counts from when they do
// NODE-10 for lack of memory one worker is ended at a time: no other before that process has ended and what is in use was
//        read anew
// NODE-11 a worker that nobody has used for long is asked whether it is needed, and ended if it says that it is not and
//         nobody has used it meanwhile; else it is asked again, as much later
// NODE-12 who works in a bundle that goes is ended; an idle worker is there for the next bundle of that index in a group of
//         that size, which is all that it was told; but for one with GPUs, where its contexts would keep memory, and of a
//         group with a name, which may never come again
// NODE-6 what was heard of the head's reservations is reported until the head
//        has acknowledged such a report
class NodeDaemon {
 public:
  struct Options {
    Contact self;
    Contact head;
    NodeInfo info;
    Duration worker_idle_limit = std::chrono::seconds(30);
    Duration worker_start_limit = std::chrono::seconds(30);  // from StartWorker to WorkerReady
    // Leases and actors at one time: those that ask for no resource are bounded by nothing else.
    std::size_t max_tenants = 2'000;
    // Workers that start at one time; more wait for their turn. 0: two for each CPU of the node, at least 4.
    std::size_t most_starting = 0;
    // The node's object memory, and the path at which it is handed out; none if empty, and why.
    std::uint64_t object_bytes = 0;
    std::string arena_socket = {};
    std::string no_arena = {};
    SpillTable::Options spill = {};
    // Of the timeline: as in ClockReply.
    std::uint32_t timeline_rate = 0;
    std::uint64_t clock = 0;
    // Names the workers. The simulator has its own.
    std::function<ProcessId()> new_process = random_process_id;
    // The bytes of memory that a process has, for who asks; none if it cannot be told.
    std::function<std::optional<std::uint64_t>(std::uint64_t pid)> memory_of = {};
    // The seconds of processor time that it has had, likewise.
    std::function<std::optional<double>(std::uint64_t pid)> cpu_of = {};
    // The most of the node's memory that was in use so far; 0 if it is not known.
    std::function<std::uint64_t()> memory_peak = {};
  };

  NodeDaemon(Options options, Time now, NodeOutbox& out);

  void on_message(Time now, ProcessId from, Message message, NodeOutbox& out);
  void on_lost(Time now, ProcessId peer, const Status& why, NodeOutbox& out);
  void on_tick(Time now, NodeOutbox& out);

  // The worker's process has ended; `cause` are words such as "exited with
  // status 3" or "killed by signal 9". Also the answer to a start that failed.
  void on_worker_exit(Time now, ProcessId worker, const std::string& cause,
                      NodeOutbox& out);
  // The node's memory is nearly used up: ends a worker, if that helps.
  void on_memory_shortage(Time now, const MemoryShortage& shortage, NodeOutbox& out);
  // The answer to FindProgram and StoreProgram: where the program is, or the
  // one sentence why it cannot be run.
  void on_program(Time now, ProcessId job, const std::string& program,
                  const std::string& failure, NodeOutbox& out);
  // Where in the arena the bytes go that come with `part`; none if nobody asked for them. To be called before on_message
  // of it. The copy is the network's until on_untouched().
  std::optional<PullTable::Target> place_for(ProcessId from, const CopyBytes& part) { return objects_.pin_to_receive(from, part); }
  // The network is done with bytes of the copy, read or written: once for each SendBytes and each place.
  void on_untouched(Time now, std::uint64_t copy, NodeOutbox& out) { objects_.unpin(now, copy, out); }

  // What became of an order in ObjectOutbox::spills.
  void on_spill(Time now, const SpillEvent& event, NodeOutbox& out);

  // When on_tick is wanted next.
  Time next_deadline() const;

  // Set once the daemon should end: after Stop it is a success, else a failure.
  struct Ending {
    bool failed = false;
    std::string why;
  };
  const std::optional<Ending>& ending() const { return ending_; }
  bool joined() const { return joined_; }

  const NodeLedger& ledger() const { return ledger_; }
  const BundleTable& bundles() const { return bundles_; }
  const ObjectStore& objects() const { return objects_.store(); }
  std::size_t worker_count() const { return workers_.size(); }

  // For who reads its metrics (node_daemon_metrics.cc): asks the node's workers for what they own; then, once that is counted,
  // all that is known.
  void count_tasks(Time now, NodeOutbox& out);
  bool is_counted(Time now) const { return census_.complete(now); }
  void add_metrics(MetricsPage& page) const;
  PeerClass class_of(ProcessId peer) const;

 private:
  // What a lease and an actor have in common: a place on this node.
  struct Seat {
    ProcessId job = ProcessId::kNone;
    Holding holding;
    ProcessId worker = ProcessId::kNone;  // none while the job is not settled
  };
  struct Lease {
    Seat seat;
    ProcessId owner = ProcessId::kNone;
    std::uint64_t request = 0;
    bool granted = false;
    Time since{};
    Time asked{};
    std::string work;  // LeaseRequest::work
    Time granted_at{};
  };
  struct Actor {
    Seat seat;
    ActorSpec spec;
    std::uint32_t incarnation = 0;
    bool started = false;
  };
  // What waits for room in a group's bundles: `lease` or, if it has a spec, `actor`.
  struct Waiting {
    ProcessId owner = ProcessId::kNone;
    LeaseRequest lease;
    std::optional<StartActor> actor;
    Time since{};

    const Resources& shape() const { return actor ? actor->spec.shape : lease.shape; }
    std::int32_t bundle() const { return actor ? actor->spec.bundle : lease.bundle; }
  };

  void handle(Time, ProcessId, const Welcome&, NodeOutbox&);
  void handle(Time, ProcessId, const HeartbeatAck&, NodeOutbox&);
  void handle(Time, ProcessId, const Expelled&, NodeOutbox&);
  void handle(Time, ProcessId, const Stop&, NodeOutbox&);
  void handle(Time, ProcessId, const EndJob&, NodeOutbox&);
  void handle(Time, ProcessId, const JobReply&, NodeOutbox&);
  void handle(Time, ProcessId, const ProgramChunk&, NodeOutbox&);
  void handle(Time, ProcessId, const LeaseRequest&, NodeOutbox&);
  void handle(Time, ProcessId, const LeaseReturn&, NodeOutbox&);
  void handle(Time, ProcessId, const LeaseCancel&, NodeOutbox&);
  void handle(Time, ProcessId, const NameLease&, NodeOutbox&);
  void handle(Time, ProcessId, const ReserveBundles&, NodeOutbox&);
  void handle(Time, ProcessId, const FreeBundles&, NodeOutbox&);
  void handle(Time, ProcessId, const WorkerReady&, NodeOutbox&);
  void handle(Time, ProcessId, const WorkerBlocked&, NodeOutbox&);
  void handle(Time, ProcessId, const WorkerLastTry&, NodeOutbox&);
  void handle(Time, ProcessId, const NeedReply&, NodeOutbox&);
  void handle(Time, ProcessId, const StartActor&, NodeOutbox&);
  void handle(Time, ProcessId, const StopActor&, NodeOutbox&);
  void handle(Time, ProcessId, const InitActorDone&, NodeOutbox&);
  void handle(Time, ProcessId, const ActorLeaves&, NodeOutbox&);
  void handle(Time, ProcessId, const NodeDied&, NodeOutbox&);
  void handle(Time, ProcessId, const GetArena&, NodeOutbox&);
  void handle(Time, ProcessId, const ReadCopy&, NodeOutbox&);
  void handle(Time, ProcessId, const GetState&, NodeOutbox&);
  void handle(Time, ProcessId, const GatherState&, NodeOutbox&);
  void handle(Time, ProcessId, const StateReport&, NodeOutbox&);
  void handle(Time, ProcessId, const TaskCounts&, NodeOutbox&);

  // What is listed (node_daemon_state.cc).
  void list_workers(Time now, StateRows& rows) const;
  StateReport own_state(Time now, const GetState& question) const;
  std::vector<StateGatherer::Asked> owners(const GetState& question) const;
  const Seat* seat_of(const Worker& worker) const;

  // Of one that was asked for at `asked`.
  void add_lease(Time now, Time asked, ProcessId owner, const LeaseRequest& request, Holding holding, NodeOutbox& out);
  void add_actor(Time now, const StartActor& start, Holding holding, NodeOutbox& out);
  void lease_in_group(Time now, ProcessId owner, const LeaseRequest& request, NodeOutbox& out);
  void start_in_group(Time now, const StartActor& start, NodeOutbox& out);
  void serve_group(Time now, GroupId group, NodeOutbox& out);
  void serve_roomier(Time now, NodeOutbox& out);
  void forget_waiting(const std::function<bool(const Waiting&)>& which);
  void refuse_waiting(const Waiting& waiting, const std::string& why, bool restartable, NodeOutbox& out);
  void empty_bundle(Time now, const BundleId& bundle, const std::string& why, bool moved, NodeOutbox& out);
  BundleRecord record_of(const BundleId& bundle) const;
  void seat(Time now, Seat& seat, const Tenant& tenant, NodeOutbox& out);
  std::string name_of(const Tenant& tenant) const;
  void name_worker(ProcessId id, const Tenant& tenant, NodeOutbox& out);
  void start_more(Time now, NodeOutbox& out);
  // The worker has begun its work, or ended.
  void start_ended(Time now, ProcessId worker, NodeOutbox& out);
  void settle_job(Time now, ProcessId job, NodeOutbox& out);
  void worker_available(Time now, ProcessId worker, NodeOutbox& out);
  // Nobody wants the worker any more; its last tenant's grant is given back when
  // it has ended, at once if there is no such worker.
  void kill_worker(Time now, ProcessId worker, std::optional<Holding> held, NodeOutbox& out);
  // The worker is killed under its tenant, who is told `why` when it has ended.
  void doom_worker(ProcessId worker, std::string why, NodeOutbox& out);
  void check_workers(Time now, NodeOutbox& out);
  Loss loss_of(const Worker& worker) const;
  Time began(const Worker& worker) const;
  std::string end_of(const Worker& worker, const std::string& cause) const;
  Status check_build(const Worker& worker, const WorkerReady& ready) const;
  // Takes the lease out of the table and gives its grant back.
  void drop_lease(Time now, LeaseId id, bool keep_worker, NodeOutbox& out);
  void end_lease(Time now, LeaseId id, const std::string& why, NodeOutbox& out);
  void note_lease_end(Time now, const Lease& lease, LeaseId id);
  void end_actor(Time now, ActorId id, ErrorInfo error, bool restartable,
                 NodeOutbox& out);
  void reap_lease(Time now, LeaseId id, const std::string& cause, std::uint64_t pid, NodeOutbox& out);
  void reap_actor(Time now, ActorId id, const Worker& worker,
                  const std::string& cause, NodeOutbox& out);
  ErrorInfo error_of(const Worker* worker, ErrorKind kind, std::string message,
                     std::string function) const;
  std::string doing(const Worker& worker) const;
  void release(Time now, const Holding& holding);
  void lend(Time now, LeaseId id);
  void stop_lending(LeaseId id);
  void forget_lending(LeaseId id);
  void lend_one_more(Time now, NodeOutbox& out);
  bool full() const { return leases_.size() + actors_.size() >= options_.max_tenants; }
  bool is_waiting(const StartActor& start) const;
  bool is_old(const StartActor& start, NodeOutbox& out, Time now);
  void note_ended(ActorId actor, std::uint32_t incarnation);
  void forgive_pause(Time now, NodeOutbox& out);
  void hear(std::uint64_t reservation);
  void report(Time now, NodeOutbox& out);
  void count_use(Time now, NodeUsage& usage);
  void report_if_due(Time now, NodeOutbox& out);

  Options options_;
  GpuGraph graph_;
  NodeLedger ledger_;
  BundleTable bundles_;
  WorkerTable workers_;
  JobTable jobs_;
  NodeObjects objects_;
  std::map<LeaseId, Lease> leases_;
  std::map<ActorId, Actor> actors_;
  std::deque<StartWorker> to_start_;
  std::set<ProcessId> starting_;
  std::set<LeaseId> lending_;         // whose CPUs are lent
  std::deque<LeaseId> wish_to_lend_;  // beyond kMaxLending, the longest waiting first; some have ended
  Time last_lent_{};
  std::map<GroupId, std::deque<Waiting>> waiting_;
  NodeTimeline timeline_;
  StateGatherer gatherer_;
  std::vector<GroupId> roomier_;  // groups with waiting tenants and room that was given back
  std::uint64_t next_lease_ = 1;
  std::uint64_t next_question_ = 1;
  std::uint64_t report_sequence_ = 0;
  std::uint64_t leases_granted_ = 0;
  struct Heard {
    std::uint64_t reservation = 0;
    std::uint64_t reported = 0;  // the first report that said so; 0: none yet
  };
  std::vector<Heard> heard_;
  std::deque<std::pair<ActorId, std::uint32_t>> ended_actors_;  // the latest, for late repeats of StartActor
  std::set<ProcessId> ended_for_memory_;  // and still there; one at most
  Time memory_freed_ = Time::min();       // when the last of them had ended
  bool joined_ = false;
  bool usage_changed_ = false;
  Resources held_;  // as the last report said; from then on it counts
  double cpu_seconds_held_ = 0, gpu_seconds_held_ = 0;
  std::uint64_t object_bytes_peak_ = 0;
  Time last_report_{};
  Time last_tick_{};
  Time head_heard_{};
  std::optional<Ending> ending_;
  TaskCensus census_;
  NodeCounts counts_;
};

// A daemon that hears nothing of its head for this long ends itself.
inline constexpr Duration kHeadSilence = std::chrono::seconds(10);
// A daemon whose ticks are further apart was not running in between.
inline constexpr Duration kDaemonPause = std::chrono::seconds(2);
// A worker whose connection is lost has usually ended, and its exit says why: it
// is given this long to do so before it is killed.
inline constexpr Duration kLostWorkerGrace = std::chrono::seconds(1);
// Leases whose CPUs are lent while their workers wait for other tasks: each is a process more than the node has CPUs for.
// It is more than tasks may be nested (kMaxNesting in include/atoll/task.h). Beyond that the node is spared: should all of
// them wait for what nobody runs, one more is let through now and then.
inline constexpr std::size_t kMaxLending = 128;
inline constexpr Duration kLendInterval = std::chrono::seconds(1);
// Leases of one request that wait for room in a bundle; more are refused, and asked for again.
inline constexpr std::uint32_t kMaxWaitingLeases = 4096;
// Changes of usage are reported at most this often.
inline constexpr Duration kReportInterval = std::chrono::milliseconds(2);

}  // namespace Atoll
