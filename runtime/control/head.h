#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/control/actor_table.h"
#include "runtime/control/demand_queue.h"
#include "runtime/control/graph_store.h"
#include "runtime/control/group_table.h"
#include "runtime/control/node_table.h"
#include "runtime/control/slurm_topology.h"
#include "runtime/metrics/task_census.h"
#include "runtime/state/rows.h"
#include "runtime/wire/traffic.h"

namespace Atoll {

// How often the head looks for silent nodes. With kNodeSilence it keeps the 3 s of DESIGN §6.
inline constexpr Duration kHeadTick = std::chrono::milliseconds(250);
// A head whose ticks are further apart was not running in between.
inline constexpr Duration kHeadPause = std::chrono::seconds(1);

// The head's logic, without I/O: an event goes in, messages come out. It knows
// the nodes, the jobs, the placement groups and the actors, and places what did not fit on a client's
// own node. Running work never needs it.
//
// HEAD-1 a client is attached when every expected node has joined, not before;
//        that some have died since does not keep it waiting
// HEAD-2 when a driver is gone, by Detach or by a lost connection, every living
//        daemon is told to end its job
// HEAD-3 a daemon that was declared dead is expelled if it speaks again
// HEAD-4 what can never fit is answered at once, with counts
// HEAD-5 every attached driver and worker and every living daemon is told of a node's death: a cut link
//        may tell them nothing for minutes
class Head {
 public:
  struct Options {
    std::string cluster;
    Contact self;
    std::string host;
    std::uint64_t pid = 0;
    std::uint32_t expected_nodes = 1;
    Duration node_silence = kNodeSilence;  // after which a node is dead
    SlurmTopology topology = {};  // for nodes that do not know their switches themselves
  };

  Head(Options options, Time now);
  Head(const Head&) = delete;  // its tables refer to each other

  void on_message(Time now, ProcessId from, Message message, Outbox& out);
  void on_lost(Time now, ProcessId peer, const Status& why, Outbox& out);
  void on_tick(Time now, Outbox& out);
  Time next_deadline() const { return last_tick_ + kHeadTick; }

  // Tells every daemon to stop. The shell ends once that is sent.
  void stop(const std::string& why, Outbox& out);

  bool ready() const { return ready_; }
  const NodeTable& nodes() const { return nodes_; }
  const ActorTable& actors() const { return actors_; }
  const GroupTable& groups() const { return groups_; }
  const ClusterView& view() const { return view_; }
  StatusReport status(Time now) const;
  ClusterTotals totals(Time now) const;

  // For who reads its metrics (head_metrics.cc): asks the drivers for what they own; then, once that is counted, all that is
  // known.
  void count_tasks(Time now, Outbox& out);
  bool is_counted(Time now) const { return census_.complete(now); }
  void add_metrics(MetricsPage& page) const;
  PeerClass class_of(ProcessId peer) const;

  // Lines for the log, emptied by the shell.
  std::vector<std::string>& log_lines() { return log_lines_; }

 private:
  struct Driver {
    JobInfo info;
    std::string host;
    std::uint64_t pid = 0;
    Time attached{};
  };

  void handle(Time, ProcessId, const Join&, Outbox&);
  void handle(Time, ProcessId, const Heartbeat&, Outbox&);
  void handle(Time, ProcessId, const Attach&, Outbox&);
  void handle(Time, ProcessId, const Detach&, Outbox&);
  void handle(Time, ProcessId, const GetJob&, Outbox&);
  void handle(Time, ProcessId, const PlaceRequest&, Outbox&);
  void handle(Time, ProcessId, const CreateActor&, Outbox&);
  void handle(Time, ProcessId, const WatchActor&, Outbox&);
  void handle(Time, ProcessId, const KillActor&, Outbox&);
  void handle(Time, ProcessId, const CreateGroup&, Outbox&);
  void handle(Time, ProcessId, const WatchGroup&, Outbox&);
  void handle(Time, ProcessId, const RemoveGroup&, Outbox&);
  void handle(Time, ProcessId, const BundlesReserved&, Outbox&);
  void handle(Time, ProcessId, const ActorStarted&, Outbox&);
  void handle(Time, ProcessId, const ActorEnded&, Outbox&);
  void handle(Time, ProcessId, const GetStatus&, Outbox&);
  void handle(Time, ProcessId, const WorkerDied&, Outbox&);
  void handle(Time, ProcessId, const GetPeers&, Outbox&);
  void handle(Time, ProcessId, const GetState&, Outbox&);
  void handle(Time, ProcessId, const TaskCounts&, Outbox&);

  void attach(Time now, ProcessId client, const Attach& request, Outbox& out);
  void node_dead(Time now, NodeId id, const std::string& cause, Outbox& out);
  void end_job(Time now, ProcessId job, const std::string& why, Outbox& out);
  void forgive_pause(Time now);
  void take_usage(NodeId id, const NodeUsage& usage);
  void serve(Time now, Outbox& out);
  void note_death(Time now, std::string what, std::string cause);
  // What is listed (head_state.cc).
  void list_nodes(Time now, StateRows& rows) const;
  void list_actors(Time now, StateRows& rows) const;
  void list_jobs(Time now, StateRows& rows) const;
  std::string why_waiting(const ActorTable::Actor& actor) const;

  Options options_;
  Time started_;
  Time last_tick_;
  bool ready_ = false;
  NodeTable nodes_;
  GraphStore graphs_;
  ClusterView view_;
  GroupTable groups_;
  ActorTable actors_;
  DemandQueue demand_;
  std::map<ProcessId, Driver> drivers_;          // by job
  std::map<ProcessId, Driver> survived_;         // by job: it has ended, its detached actors have not
  std::map<ProcessId, Attach> waiting_clients_;  // until ready
  std::set<ProcessId> clients_;                  // attached drivers and workers
  struct Death {
    Time when;
    std::string what;
    std::string cause;
  };
  std::deque<Death> deaths_;
  WorkTotals ended_work_;  // of drivers
  std::vector<std::string> log_lines_;
  TaskCensus census_;
  struct Counts {
    std::uint64_t node_deaths = 0;
    std::uint64_t worker_deaths = 0;
    std::uint64_t stalls = 0;
    double stall_seconds = 0;
  } counts_;  // ever
};

}  // namespace Atoll
