#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/client/client_core.h"
#include "runtime/client/state_inquiry.h"
#include "runtime/control/head.h"
#include "runtime/node/node_daemon.h"
#include "tests/sim/network.h"
#include "tests/support/builders.h"

namespace Atoll::sim {

// A large cluster and a tool that looks at it: the machines of the head, of every node's daemon and of those who own
// tasks, and the tool's side of a question. Time is virtual; but what a machine does, decoding and encoding with it,
// takes as long as it has the processor, of which every process has one, and its messages leave when that is done. So
// what a question takes is what is on its longest way: processors, wires and those who wait for others.
class SightCluster {
 public:
  struct Options {
    std::uint32_t nodes = 0;
    std::uint32_t workers = 0;  // of each node
    std::uint32_t objects = 0;  // in the memory of each node
    std::uint64_t driver_tasks = 0;
    std::uint64_t worker_tasks = 0;  // of one worker of each node; the others own none
    // The network: for a message, for bytes that one process sends, and for the first message between two processes:
    // the hello's three and the processor at either end.
    Duration latency = std::chrono::microseconds(100);
    double bytes_per_second = 125e6;
    Duration connect = std::chrono::milliseconds(1);
  };
  explicit SightCluster(const Options& options);

  struct Look {
    StateReport report;
    double took = 0;                   // seconds, from the question to the answer
    double busiest = 0;                // of processor, of who had most, without connections
    std::size_t most_connections = 0;  // new ones, of one process
    std::size_t messages = 0;
  };
  // As atoll list does it, within this patience; then, each daemon asked by the tool itself, for as long as it takes.
  Look ask(const GetState& question, Duration patience);
  Look ask_each(const GetState& question);
  // As a new tool does first: seconds. What it was connected to before is forgotten.
  double find_peers();

  // Takes no message any more, and says nothing; of that rank.
  void stop(std::uint32_t rank) { stopped_.insert(daemon_of(rank)); }
  void go_on() { stopped_.clear(); }
  static ProcessId daemon_of(std::uint32_t rank) { return ProcessId(0x100000 + rank); }
  // In a node's memory, from 1 on; the driver owns them, and put them after its tasks.
  static ObjectId object_of(std::uint32_t rank, std::uint64_t number) {
    return {testing::kDriver, 1'000'000'000 + rank * 1000ULL + number};
  }
  // Of a node's workers; number 0 owns tasks.
  static ProcessId worker_of(std::uint32_t rank, std::uint32_t number) {
    return ProcessId(0x1'0000'0000 + rank * 0x1000ULL + number);
  }

 private:
  struct Process {
    Time free_at{};    // its processor
    Time wire_free{};  // its wire
    double processor = 0;
    std::size_t connections = 0;  // new ones
    std::set<ProcessId> connected;
  };
  void add_node(std::uint32_t rank);
  void add_workers(NodeDaemon& node, std::uint32_t rank);
  bool is_connected(ProcessId a, ProcessId b) const;
  void deliver(ProcessId from, ProcessId to, bool is_new, const std::string& bytes);
  void handle(Time now, ProcessId from, ProcessId to, Message message, Outbox& out);
  void send(ProcessId from, Outbox& out, Time began, double processor);
  void plan_tick(std::uint32_t rank);
  Look run(Time began);
  bool is_daemon(ProcessId id) const { return id >= daemon_of(0) && id < daemon_of(options_.nodes); }

  const Options options_;
  Clock clock_;
  std::unique_ptr<Head> head_;
  std::vector<std::unique_ptr<NodeDaemon>> nodes_;
  std::unique_ptr<ClientCore> driver_, owner_, idle_;
  std::unordered_map<ProcessId, Process> processes_;
  std::set<ProcessId> stopped_;
  std::uint64_t requests_ = 0;
  std::size_t delivered_ = 0;
  Time looked_until_{};
  std::optional<Peers> peers_;
  std::optional<StateInquiry> inquiry_;
  std::optional<Gathering> direct_;
};

}  // namespace Atoll::sim
