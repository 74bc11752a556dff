#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/client/client_core.h"
#include "runtime/control/head.h"
#include "runtime/node/node_daemon.h"
#include "runtime/wire/location.h"
#include "tests/sim/arena.h"
#include "tests/sim/network.h"

namespace Atoll::sim {

class World;
class Worker;

// A process of the simulation: a machine, and what its shell would do for it.
class Process : public Endpoint {
 public:
  Process(World& world, ProcessId id, Host host);

  void on_bytes(ProcessId from, std::string_view bytes) final;
  void on_lost(ProcessId peer, const Status& why) final;

  const ProcessId id;
  const Host host;
  bool alive = true;
  double cpu_seconds = 0;  // of real time, in this machine and its codec

 protected:
  virtual void receive(ProcessId from, Message message) = 0;
  virtual void lost(ProcessId peer, const Status& why) = 0;
  virtual void tick() {}
  virtual std::optional<Time> deadline() const { return std::nullopt; }
  // Carries out what the machine wants and says how it goes on.
  virtual void carry_out() = 0;

  void send(Outbox& out);
  // Runs `event` of this process, if it still lives, and what follows from it.
  void run(const std::function<void()>& event);
  Contact contact() const { return {id, NodeId(host), "sim"}; }

  World& world_;

 private:
  void plan_tick();
  std::optional<Time> planned_;
};

class HeadProcess : public Process {
 public:
  HeadProcess(World& world, ProcessId id, Host host, std::uint32_t nodes);
  const Head& head() const { return head_; }

 private:
  void receive(ProcessId from, Message message) override;
  void lost(ProcessId peer, const Status& why) override;
  void tick() override;
  std::optional<Time> deadline() const override { return head_.next_deadline(); }
  void carry_out() override { send(out_); }

  Outbox out_;
  Head head_;
};

class DaemonProcess : public Process {
 public:
  DaemonProcess(World& world, ProcessId id, Host host, const NodeInfo& info);
  const NodeDaemon& node() const { return *node_; }
  Arena arena;
  // Starts `worker`'s machine; the shell's fork.
  void start();
  // A worker ended; the shell's pidfd.
  void reap(ProcessId worker, const std::string& cause);

 private:
  void receive(ProcessId from, Message message) override;
  void lost(ProcessId peer, const Status& why) override;
  void tick() override;
  std::optional<Time> deadline() const override { return node_->next_deadline(); }
  void carry_out() override;
  void start_worker(const StartWorker& start);
  void send_bytes(const SendBytes& read);
  void order_spill(const SpillOrder& order);
  void receive_bytes(ProcessId from, const CopyBytes& part);

  NodeInfo info_;
  NodeOutbox out_;
  std::optional<NodeDaemon> node_;
  Disk disk_;
  Time disk_busy_until_{};
};

// What a client asked for and what became of it.
struct Tally {
  std::map<ObjectId, int> asked;  // how often each ended
  std::map<ErrorKind, int> errors;
  int ended = 0;
};

class ClientProcess : public Process {
 public:
  ClientProcess(World& world, ProcessId id, Host host);

  bool attached() const { return attached_; }
  void submit(int tasks, const Resources& shape, std::int32_t retries);
  // Tasks of any shape; the first of them, the others follow.
  TaskId submit_shape(const WorkerShape& shape, int tasks, std::int32_t retries);
  // So many chains of tasks, each of which takes the result of the one before; results in the middle are dropped with this
  // probability.
  void submit_chains(int chains, int length, std::int32_t retries, double drop);
  ActorId create_actor(const Resources& shape, std::int32_t max_restarts, const PlaceStrategy& strategy = {});
  void call_actor(ActorId actor, int calls, std::optional<std::int32_t> retries = {});
  // Cancels each of what was asked for and has not ended with this probability.
  void cancel_some(double probability);
  GroupId create_group(std::size_t bundles, const Resources& each, bool move_whole);
  void remove_group(GroupId group);
  void submit_in(GroupId group, std::int32_t bundle, int tasks, const Resources& shape, std::int32_t retries);
  // The last that was heard of the group.
  const GroupUpdate& group(GroupId group) const { return groups_.at(group); }
  // The last that was heard of the actor.
  const ActorUpdate& actor(ActorId actor_id) const { return updates_.at(actor_id); }
  void detach();
  // Holds each large result that it has with this probability, and lets go of it after a while; drops each result with that.
  void hold_some(double hold, double drop);
  // What of its questions about copies was answered: held, and gone.
  int held() const { return held_; }
  int gone() const { return gone_; }
  // How many values came instead of lost ones.
  int made_again() const { return made_again_; }
  // Large results that were not held since this was called last, and so many there are.
  std::size_t count_unread() const { return large_.size() - read_.size(); }
  void forget_reads() { read_.clear(); }

  const Tally& tally() const { return tally_; }
  bool done() const { return tally_.ended == static_cast<int>(tally_.asked.size()); }
  const ClientCore& core() const { return *core_; }

 private:
  void receive(ProcessId from, Message message) override;
  void lost(ProcessId peer, const Status& why) override;
  void tick() override;
  std::optional<Time> deadline() const override { return core_->next_deadline(); }
  void carry_out() override;
  struct Question {
    ObjectId object;
    Location location;
    bool is_far = false;  // its keeper was asked, since there is no room at home
  };
  void ask(const Question& question);
  void hear(const CopyAnswer& answer);
  void lose(const Question& question, const std::string& why);
  void complete(const Completion& completion);
  void check_bytes(const Question& question, std::uint64_t offset) const;

  ClientOutbox out_;
  std::optional<ClientCore> core_;
  bool attached_ = false;
  std::uint64_t sequence_ = 0;
  std::map<ActorId, ActorUpdate> updates_;
  std::map<GroupId, GroupUpdate> groups_;
  std::map<ObjectId, Location> large_;  // results that were not dropped
  std::set<ObjectId> dropped_;
  std::set<ObjectId> read_;  // of the large
  int made_again_ = 0;
  ProcessId home_ = ProcessId::kNone;
  std::map<std::uint64_t, Question> questions_;
  std::uint64_t next_question_ = 1;
  int held_ = 0;
  int gone_ = 0;
  Tally tally_;
};

// A whole cluster: one head, nodes and clients, and the network between them.
// Node n is called "nN" and stands in zone a if n is even, else b. Its daemon and workers are on host n, the head on its own host, clients
// on theirs. Everything follows from the seed.
class World {
 public:
  struct Options {
    std::uint64_t seed = 1;
    std::uint32_t nodes = 4;
    Resources node = {.cpu = Fixed::whole(4)};
    Network::Faults faults = {};
    Duration most_start = std::chrono::milliseconds(40);  // of a worker
    Duration most_run = std::chrono::milliseconds(20);    // of a task
    double worker_dies = 0;                               // under a task
    double start_fails = 0;
    double never_ready = 0;
    double waits = 0;  // a task waits for others in its middle
    double runs_long = 0;  // a task runs for kLongRun
    double large = 0;      // a task's result is a copy in its node's arena
    std::uint64_t arena = 0;  // bytes, of each node
    bool spills = false;      // it has a disk
  };
  static constexpr Host kHeadHost = 1'000'000;
  static constexpr Host kClientHost = 2'000'000;

  explicit World(Options options);
  ~World();

  // Lets time pass until `done`, or `limit` is over: whether it was done.
  bool run_until(const std::function<bool()>& done, Duration limit);
  void run_for(Duration duration);

  ClientProcess& add_client();
  // Ends a process; loudly, since its kernel lives.
  void kill(Process& process, const std::string& cause);
  // All processes of a node end. Silently: its power is cut.
  void kill_node(std::uint32_t node, bool silently);

  HeadProcess& head() { return *head_; }
  DaemonProcess& daemon(std::uint32_t node) { return *daemons_[node]; }
  std::vector<std::unique_ptr<DaemonProcess>>& daemons() { return daemons_; }
  std::vector<Worker*> workers(Host host);
  Worker* any_worker();
  // A worker on `host` begins a task or a call.
  void begin_task(TaskId task, Host host) { begun_[task].push_back(host); }
  void begin_call(ActorId actor, TaskId call) { calls_[actor].push_back(call); }
  void begin_long(TaskId task) { long_.insert(task); }
  const std::set<TaskId>& begun_long() const { return long_; }
  // Where it began, each time that it did.
  const std::map<TaskId, std::vector<Host>>& begun() const { return begun_; }
  // The calls of an actor in the order in which they began.
  const std::vector<TaskId>& calls(ActorId actor) { return calls_[actor]; }
  void add_worker(const StartWorker& start, DaemonProcess& daemon);
  void worker_ended(ProcessId worker);
  // A worker asked to be killed by its daemon.
  void kill_worker(ProcessId worker);

  ProcessId new_process() { return ProcessId(++processes_); }
  Duration random_time(Duration most);
  // The living daemon of that name, if any.
  DaemonProcess* find_daemon(ProcessId daemon) const;
  // What travels behind a CopyBytes: by receiver and request.
  std::map<std::pair<ProcessId, std::uint64_t>, std::uint64_t> bulks;
  Time now() const { return clock_.now(); }

  const Options options;
  Clock clock_;
  Network network;

 private:
  std::uint64_t processes_ = 0;
  std::map<TaskId, std::vector<Host>> begun_;
  std::map<ActorId, std::vector<TaskId>> calls_;
  std::set<TaskId> long_;
  std::unique_ptr<HeadProcess> head_;
  std::vector<std::unique_ptr<DaemonProcess>> daemons_;
  std::vector<std::unique_ptr<ClientProcess>> clients_;
  std::map<ProcessId, std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Worker>> ended_workers_;
};

}  // namespace Atoll::sim
