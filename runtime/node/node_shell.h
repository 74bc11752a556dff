#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/base/loop.h"
#include "runtime/metrics/metrics_publisher.h"
#include "runtime/node/node_daemon.h"
#include "runtime/node/node_memory.h"
#include "runtime/node/worker_host.h"
#include "runtime/objects/arena.h"
#include "runtime/objects/arena_door.h"
#include "runtime/objects/spill_threads.h"
#include "runtime/wire/hello.h"
#include "runtime/wire/messenger.h"
#include "topology/grant.h"
#include "topology/machine.h"

namespace Atoll {

// The shell around NodeDaemon: one process, one thread for a transport and a loop,
// which nothing else may block; another for the worker processes (worker_host.h), one for each spill folder (spill_threads.h).
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
    std::string spill_folder = {};   // as --spill-folder has it; "" for `folder`
    std::optional<std::uint64_t> spill_limit = {};  // bytes; none: as the disks have room
    double memory_watch = kMemoryWatch;  // see WorkerHost::Options
    std::optional<Duration> worker_idle_limit = {};  // see NodeDaemon::Options
    std::string metrics = {};  // where they are served, as --metrics has it; "": nowhere
    std::string cluster = {};  // its name
    std::uint32_t timeline_rate = 0;     // see ClockReply
    Environment environment;
    LineWriter* out = nullptr;  // for the output of workers; they outlive this
    LineWriter* err = nullptr;
  };

  // Opens the transport, so that self() can go on a card.
  static Result<std::unique_ptr<NodeShell>> create(Options options);
  // Ends the workers.
  ~NodeShell() override;

  const Contact& self() const { return self_; }
  Loop& loop() { return loop_; }

  // Where the output of workers goes as well; to be called before run(). Outlives this.
  void use_logs(LogFiles& logs) { logs_ = &logs; }

  // Joins the head and serves until the cluster ends or end() is called.
  // `on_joined` is called once. Returns why it ended; ok if it was told to.
  Status run(const Contact& head, const std::function<void()>& on_joined);

  // run() returns `why` at once.
  void end(const Status& why);
  // The cluster is being stopped: run() returns when the head says so, is gone,
  // or after kLeaveLimit.
  void leave();

 private:
  NodeShell(Options options, Loop loop)
      : options_(std::move(options)), loop_(std::move(loop)), messenger_(*this) {}
  Status open();
  NodeInfo node_info() const;
  Status open_arena(NodeDaemon::Options& daemon);
  void carry_out();
  Status open_spill(NodeDaemon::Options& daemon);
  void send_bytes(const SendBytes& read);
  std::shared_ptr<void> until_untouched(std::uint64_t copy);
  Status open_host();
  Status open_logs();
  void open_metrics();
  void answer_readers();
  void take_events();
  void on_message(ProcessId from, Message message) override;
  void on_lost(ProcessId peer, const Status& why) override;
  Place place_for(ProcessId from, const Message& message, std::size_t bytes) override;
  PeerClass class_of(ProcessId peer) const override { return daemon_->class_of(peer); }

  Options options_;
  Loop loop_;
  std::unique_ptr<MetricsPublisher> metrics_;  // null: nobody wants them; the messenger counts there
  std::shared_ptr<NodeShell*> self_pointer_ = std::make_shared<NodeShell*>(this);  // until it is destroyed
  std::optional<Arena> arena_;  // outlives the transport, which still writes there what others send while it ends
  Messenger messenger_;
  std::unique_ptr<Transport> transport_;
  Contact self_;
  Contact head_;
  std::optional<NodeDaemon> daemon_;
  std::unique_ptr<WorkerHost> host_;
  std::optional<ArenaDoor> door_;
  LogFiles* logs_ = nullptr;
  std::unique_ptr<SpillThreads> spill_;  // none: nothing is spilled
  std::optional<NodeMemory> memory_;     // none: nobody wants metrics
  NodeOutbox out_;
  Time now_{};
  std::optional<Status> end_;
  std::optional<Time> leave_by_;
};

// How long a daemon that was told to stop by its launcher waits for the head's
// Stop, so that the head does not take its end for a loss.
inline constexpr Duration kLeaveLimit = std::chrono::milliseconds(500);

}  // namespace Atoll
