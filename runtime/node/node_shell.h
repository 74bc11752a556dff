#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "runtime/base/loop.h"
#include "runtime/node/memory_kills.h"
#include "runtime/node/node_daemon.h"
#include "runtime/node/program_store.h"
#include "runtime/node/warm_pool.h"
#include "runtime/node/worker_output.h"
#include "runtime/node/worker_process.h"
#include "runtime/objects/arena.h"
#include "runtime/objects/arena_door.h"
#include "runtime/wire/hello.h"
#include "runtime/wire/messenger.h"
#include "runtime/wire/worker_start.h"
#include "topology/grant.h"
#include "topology/machine.h"

namespace Atoll {

// The shell around NodeDaemon: one process, one thread; a transport, a loop, and
// the worker processes.
class NodeShell : private MessageHandler {
 public:
  struct Options {
    std::string node;  // its name
    NodeId rank = NodeId::kNone;
    Secret secret;
    Machine machine;
    NodeGrant grant;
    std::string folder;  // of this cluster on this node; there once run() is called
    std::uint64_t object_bytes = 0;  // of the node's memory, for objects; 0: none
    Environment environment;
  };

  // Opens the transport, so that self() can go on a card.
  static Result<std::unique_ptr<NodeShell>> create(Options options);
  ~NodeShell() override;

  const Contact& self() const { return self_; }
  Loop& loop() { return loop_; }

  // Joins the head and serves until the cluster ends or end() is called.
  // `on_joined` is called once. Returns why it ended; ok if it was told to.
  Status run(const Contact& head, const std::function<void()>& on_joined);

  // run() returns `why` at once.
  void end(const Status& why);
  // The cluster is being stopped: run() returns when the head says so, is gone,
  // or after kLeaveLimit.
  void leave();

 private:
  struct Process {
    WorkerProcess process;
    WorkerOutput out;
    WorkerOutput err;
  };

  NodeShell(Options options, Loop loop)
      : options_(std::move(options)), loop_(std::move(loop)), messenger_(*this), programs_(options_.folder),
        warm_(loop_, options_.node, lookup(options_.environment, kWarmForkVariable) != "0") {}
  Status open();
  NodeInfo node_info() const;
  Status open_arena(NodeDaemon::Options& daemon);
  void carry_out();
  void send_bytes(const SendBytes& read);
  std::shared_ptr<void> until_untouched(std::uint64_t copy);
  void start_worker(const StartWorker& start);
  Result<WorkerProcess> spawn(const StartWorker& start);
  Result<WorkerProcess> fork_or_execute(const StartWorker& start, WorkerProcess::Start process,
                                        const WorkerStart& told);
  WorkerBinding worker_binding(const std::vector<GpuInfo>& gpus, const Binding& binding) const;
  void watch(ProcessId worker);
  void on_exit(ProcessId worker);
  void terminate(ProcessId worker);
  void kill_the_stubborn();
  void end_workers();
  void forget_job(ProcessId job);
  void find_program(const JobInfo& job);
  void store_program(const StoreProgram& store);
  void on_message(ProcessId from, Message message) override;
  void on_lost(ProcessId peer, const Status& why) override;
  Place place_for(ProcessId from, const Message& message, std::size_t bytes) override;

  Options options_;
  Loop loop_;
  std::shared_ptr<NodeShell*> self_pointer_ = std::make_shared<NodeShell*>(this);  // until it is destroyed
  Messenger messenger_;
  std::unique_ptr<Transport> transport_;
  Contact self_;
  Contact head_;
  MemoryKills memory_kills_ = MemoryKills::of_this_process();
  ProgramStore programs_;
  std::optional<Binder> binder_;
  std::optional<NodeDaemon> daemon_;
  WarmPool warm_;
  std::map<ProcessId, Process> processes_;
  std::map<ProcessId, Time> terminated_;  // when each was asked to end
  std::map<ProcessId, JobInfo> jobs_;  // those whose program was looked for
  std::optional<Arena> arena_;
  std::optional<ArenaDoor> door_;
  NodeOutbox out_;
  Time now_{};
  std::optional<Status> end_;
  std::optional<Time> leave_by_;
};

// How long a daemon that was told to stop by its launcher waits for the head's
// Stop, so that the head does not take its end for a loss.
inline constexpr Duration kLeaveLimit = std::chrono::milliseconds(500);

}  // namespace Atoll
