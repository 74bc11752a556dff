#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "runtime/base/line_writer.h"
#include "runtime/base/clock.h"
#include "runtime/base/loop.h"
#include "runtime/base/mailbox.h"
#include "runtime/node/memory_kills.h"
#include "runtime/node/memory_watch.h"
#include "runtime/node/node_memory.h"
#include "runtime/node/node_outbox.h"
#include "runtime/node/program_store.h"
#include "runtime/node/warm_pool.h"
#include "runtime/node/worker_output.h"
#include "runtime/node/worker_process.h"
#include "runtime/wire/worker_start.h"
#include "topology/grant.h"
#include "topology/machine.h"

namespace Atoll {

// The worker processes of a node and the programs they execute, on a thread of their own: a fork, the end of a process,
// a file system or the reader of their output may take as long as they like, and the daemon's loop goes on talking.
//
// HOST-1  Nobody waits for an order; orders are carried out one after the other.
// HOST-2  Each worker that was to be started ends with one WorkerEnded, after all its output was read; so does one that
//         could not be started.
// HOST-3  A worker that was asked to end and still runs after kTermLimit is killed.
// HOST-4  An order that took longer than kSlow, or waited for so long, says so in the log: one line for all that waited.
// HOST-5  While more of the node's memory is in use than memory_watch allows, that is said every kMemoryWatchInterval.
class WorkerHost {
 public:
  struct Options {
    std::string node;  // its name
    NodeId rank = NodeId::kNone;
    Secret secret;
    Contact daemon, head;
    Machine machine;
    NodeGrant grant;
    std::string folder;  // where programs are shipped to
    Environment environment;
    double memory_watch = 0;  // the share of memory in use beyond which the daemon hears; 0: it never does
    LineWriter* out = nullptr;  // where the workers' output goes; they outlive this
    LineWriter* err = nullptr;
    LogFiles* logs = nullptr;  // where else, unless it is null
  };

  // Nothing is kept for the job, until a program is to be found again.
  struct ForgetJob {
    ProcessId job = ProcessId::kNone;
  };
  using Order = std::variant<StartWorker, KillWorker, FindProgram, StoreProgram, ForgetJob, NameWorker>;

  struct WorkerEnded {
    ProcessId worker = ProcessId::kNone;
    std::string cause;
  };
  struct ProgramFound {
    ProcessId job = ProcessId::kNone;
    std::string path;  // "" if it is not here, which `why` explains
    std::string why;
  };
  using Event = std::variant<WorkerEnded, ProgramFound, MemoryShortage>;

  static constexpr Duration kTermLimit = std::chrono::milliseconds(500);
  static constexpr Duration kSlow = std::chrono::seconds(1);

  static Result<std::unique_ptr<WorkerHost>> create(Options options);
  // Asks all workers to end, and kills those that have not within kTermLimit.
  ~WorkerHost();

  void order(Order order) { orders_.post({std::move(order), now()}); }
  // Readable when something happened.
  int event_fd() const { return events_.fd(); }
  std::vector<Event> take_events() { return events_.take(); }
  // The most of the node's memory that was seen in use, bytes; 0 if nobody looks.
  std::uint64_t memory_peak() const { return memory_peak_; }

 private:
  struct Close {};
  struct Post {
    std::variant<Order, Close> what;
    Time posted{};
  };

  WorkerHost(Options options, Loop loop);
  void run();
  void take_orders();
  void carry_out(const Order& order);
  void start(const StartWorker& start);
  Result<WorkerProcess> spawn(const StartWorker& start);
  Result<WorkerProcess> fork_or_execute(const StartWorker& start, WorkerProcess::Start process,
                                        const WorkerStart& told);
  WorkerBinding worker_binding(const std::vector<GpuInfo>& gpus, const Binding& binding) const;
  void watch(const StartWorker& start, const WorkerProcess& process);
  void rename(const NameWorker& named);
  void on_exit(ProcessId worker);
  void terminate(const KillWorker& kill);
  void kill_the_stubborn();
  void watch_memory();
  void end_workers();
  void find(const FindProgram& find);
  void store(const StoreProgram& store);
  void forget(const ForgetJob& forget);

  Options options_;
  Mailbox<Post> orders_;
  Mailbox<Event> events_;
  std::atomic<std::uint64_t> memory_peak_{0};

  // What follows is the thread's.
  Loop loop_;
  Time now_{};
  bool closed_ = false;
  OutputReader out_, err_;
  WarmPool warm_;
  ProgramStore programs_;
  MemoryKills memory_kills_ = MemoryKills::of_this_process();
  NodeMemory memory_ = NodeMemory::of_this_process();
  Time next_look_{};  // at it
  std::optional<Binder> binder_;
  std::map<ProcessId, WorkerProcess> processes_;
  std::map<ProcessId, Time> terminated_;  // when each was asked to end
  std::map<ProcessId, JobInfo> jobs_;     // those whose program was looked for

  std::thread thread_;
};

}  // namespace Atoll
