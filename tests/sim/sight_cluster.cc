#include "tests/sim/sight_cluster.h"

#include <ctime>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/wire/codec.h"

namespace Atoll::sim {
namespace {

using namespace testing;

constexpr ProcessId kTool{0x7001};
// As long as UCX's where there are shared memory and one network: 287 bytes.
const std::string kAddress(300, 'a');

double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Duration duration_of(double seconds_of) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds_of));
}

Contact contact_at(ProcessId process, NodeId node = NodeId::kNone) { return {process, node, kAddress}; }

std::unique_ptr<ClientCore> owner_of(ProcessId self, std::uint64_t tasks, Time now) {
  ClientOutbox out;
  auto core = std::make_unique<ClientCore>(ClientCore::Options{contact_at(self), contact_at(kHead), kDriver}, out);
  core->set_home(contact_at(SightCluster::daemon_of(0), NodeId(0)));
  for (std::uint64_t i = 1; i <= tasks; ++i) {
    core->submit(now + std::chrono::microseconds(i), {{self, i}, i % 1000 == 0 ? "rare" : "simulate", {}, {cpus(1)}, 3},
                 out);
    out.clear();
  }
  return core;
}

}  // namespace

SightCluster::SightCluster(const Options& options) : options_(options) {
  head_ = std::make_unique<Head>(Head::Options{"reef", contact_at(kHead), "n0", 1, options.nodes}, clock_.now());
  nodes_.reserve(options.nodes);
  for (std::uint32_t rank = 0; rank < options.nodes; ++rank) add_node(rank);
  Outbox dropped;
  Attach attach = attach_driver(kDriver);
  attach.client = attach.job.driver = contact_at(kDriver);
  head_->on_message(clock_.now(), kDriver, attach, dropped);
  driver_ = owner_of(kDriver, options.driver_tasks, clock_.now());
  owner_ = owner_of(worker_of(0, 0), options.worker_tasks, clock_.now());
  idle_ = owner_of(worker_of(0, 1), 0, clock_.now());
  clock_.step(clock_.now() + std::chrono::seconds(2));  // all that was submitted
}

void SightCluster::add_node(std::uint32_t rank) {
  NodeDaemon::Options described;
  described.self = contact_at(daemon_of(rank), NodeId(rank));
  described.head = contact_at(kHead);
  described.info = node_info(rank, options_.workers + 1);
  described.object_bytes = std::uint64_t{1} << 30;
  described.new_process = [rank, number = 0U]() mutable { return worker_of(rank, number++); };
  NodeOutbox out;
  NodeDaemon& node = *nodes_.emplace_back(std::make_unique<NodeDaemon>(std::move(described), clock_.now(), out));
  Outbox dropped;
  for (Outbox::Letter& letter : out.letters)
    head_->on_message(clock_.now(), daemon_of(rank), std::move(letter.message), dropped);
  out.clear();
  node.on_message(clock_.now(), kHead, Welcome{"reef", options_.nodes}, out);
  add_workers(node, rank);
  for (std::uint64_t i = 1; i <= options_.objects; ++i) {
    node.on_message(clock_.now(), kDriver, MakeRoom{i, object_of(rank, i), kDriver, 100'000 + i}, out);
    node.on_message(clock_.now(), kDriver, SealCopy{i}, out);
    out.clear();
  }
}

void SightCluster::add_workers(NodeDaemon& node, std::uint32_t rank) {
  NodeOutbox out;
  for (std::uint32_t number = 0; number < options_.workers; ++number) {
    node.on_message(clock_.now(), kDriver, lease_request(number, cpus(1)), out);
    if (number == 0) {
      node.on_message(clock_.now(), kHead, JobReply{true, job_info()}, out);
      node.on_program(clock_.now(), kDriver, "/home/me/simulate", "", out);
    }
    const ProcessId worker = worker_of(rank, number);
    node.on_message(clock_.now(), worker, WorkerReady{contact_at(worker, NodeId(rank)), 1000 + number, "b1"}, out);
    out.clear();
  }
  ATOLL_CHECK(node.worker_count() == options_.workers, node.worker_count());
}

// Daemons are connected to the head, and to their workers.
bool SightCluster::is_connected(ProcessId a, ProcessId b) const {
  const bool by_itself =
      (a == kHead || b == kHead || a >= worker_of(0, 0) || b >= worker_of(0, 0)) && a != kTool && b != kTool;
  const auto known = processes_.find(a);
  return by_itself || (known != processes_.end() && known->second.connected.contains(b));
}

// What a process wants said leaves when its processor is done with it.
void SightCluster::send(ProcessId from, Outbox& out, Time began, double processor) {
  const double before = processor_seconds();
  std::vector<std::string> letters;
  for (const Outbox::Letter& letter : out.letters) letters.push_back(encode(letter.message));
  processor += processor_seconds() - before;
  Process& sender = processes_[from];
  sender.processor += processor;
  sender.free_at = began + duration_of(processor);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const ProcessId to = out.letters[i].to;
    if (from != kTool && !is_daemon(from) && from != kHead && to != kTool && !is_daemon(to))
      continue;  // work, not sight
    if (to == kHead && from != kTool) continue;
    const bool is_new = !is_connected(from, to);
    if (is_new) {
      sender.free_at += options_.connect;
      ++sender.connections;
      sender.connected.insert(to);
      processes_[to].connected.insert(from);
    }
    sender.wire_free = std::max(sender.wire_free, sender.free_at) +
                       duration_of(static_cast<double>(letters[i].size()) / options_.bytes_per_second);
    clock_.at(sender.wire_free + options_.latency * (is_new ? 4 : 1),
              [this, from, to, is_new, bytes = std::move(letters[i])] { deliver(from, to, is_new, bytes); });
  }
  out.clear();
}

void SightCluster::deliver(ProcessId from, ProcessId to, bool is_new, const std::string& bytes) {
  if (stopped_.contains(to)) return;
  ++delivered_;
  Process& receiver = processes_[to];
  receiver.connections += is_new;
  const Time began = std::max(clock_.now(), receiver.free_at) + (is_new ? options_.connect : Duration());
  NodeOutbox out;
  const double before = processor_seconds();
  handle(began, from, to, decode(bytes).value(), out);
  send(to, out, began, processor_seconds() - before);
  if (is_daemon(to)) plan_tick(static_cast<std::uint32_t>(to) - static_cast<std::uint32_t>(daemon_of(0)));
}

void SightCluster::handle(Time now, ProcessId from, ProcessId to, Message message, Outbox& out) {
  if (to == kTool) {
    auto* report = std::get_if<StateReport>(&message);
    if (auto* peers = std::get_if<Peers>(&message)) peers_ = std::move(*peers);
    if (report != nullptr && inquiry_) inquiry_->on_report(now, from, std::move(*report), out);
    if (report != nullptr && direct_) direct_->take(from, std::move(*report));
  } else if (to == kHead) {
    head_->on_message(now, from, std::move(message), out);
  } else if (is_daemon(to)) {
    nodes_[static_cast<std::uint32_t>(to) - static_cast<std::uint32_t>(daemon_of(0))]->on_message(
        now, from, std::move(message), static_cast<NodeOutbox&>(out));
  } else {
    ClientOutbox said;
    const bool owns = (static_cast<std::uint64_t>(to) & 0xfff) == 0;
    (to == kDriver ? driver_ : owns ? owner_ : idle_)->on_message(now, from, message, said);
    out.letters = std::move(said.letters);
  }
}

// While somebody looks.
void SightCluster::plan_tick(std::uint32_t rank) {
  const Time when = std::max(nodes_[rank]->next_deadline(), clock_.now() + Duration(1));
  if (when > looked_until_) return;
  clock_.at(when, [this, rank] {
    if (clock_.now() > looked_until_ || clock_.now() < nodes_[rank]->next_deadline()) return;
    NodeOutbox out;
    const double before = processor_seconds();
    nodes_[rank]->on_tick(clock_.now(), out);
    send(daemon_of(rank), out, std::max(clock_.now(), processes_[daemon_of(rank)].free_at),
         processor_seconds() - before);
    plan_tick(rank);
  });
}

SightCluster::Look SightCluster::run(Time began) {
  const Process& tool = processes_[kTool];
  const auto is_over = [&] {
    return inquiry_ ? inquiry_->is_over(std::max(clock_.now(), tool.free_at)) : direct_->complete();
  };
  Look look;
  while (!is_over()) ATOLL_CHECK(clock_.step(looked_until_) || inquiry_);
  const double before = processor_seconds();
  look.report = inquiry_ ? inquiry_->finish() : direct_->finish();
  look.took = seconds(std::max(clock_.now(), tool.free_at) - began) + processor_seconds() - before;
  look.messages = delivered_;
  for (const auto& [id, process] : processes_) {
    look.busiest = std::max(look.busiest, process.processor);
    look.most_connections = std::max(look.most_connections, process.connections);
  }
  inquiry_.reset();
  direct_.reset();
  return look;
}

SightCluster::Look SightCluster::ask(const GetState& question, Duration patience) {
  for (auto& [id, process] : processes_) process.processor = 0, process.connections = 0;
  delivered_ = 0;
  const Time began = std::max(clock_.now(), processes_[kTool].free_at);
  looked_until_ = began + patience;
  Outbox out;
  const double before = processor_seconds();
  inquiry_.emplace(StateInquiry::Asking{question, requests_ += 2, contact_at(kHead), patience}, *peers_, began, out);
  send(kTool, out, began, processor_seconds() - before);
  for (const double share : {0.75, 1.0})
    clock_.at(began + duration_of(seconds(patience) * share), [this, number = requests_] {
      if (!inquiry_ || number != requests_) return;
      Outbox late;
      inquiry_->on_tick(clock_.now(), late);
      send(kTool, late, std::max(clock_.now(), processes_[kTool].free_at), 0);
    });
  return run(began);
}

SightCluster::Look SightCluster::ask_each(const GetState& question) {
  for (auto& [id, process] : processes_) process.processor = 0, process.connections = 0;
  delivered_ = 0;
  const Time began = std::max(clock_.now(), processes_[kTool].free_at);
  looked_until_ = Time::max();
  direct_.emplace(question);
  Outbox out;
  GetState asked = direct_->question();
  asked.request = requests_ += 2;
  for (std::uint32_t rank = 0; rank < options_.nodes; ++rank) {
    direct_->expect(asked.request, daemon_of(rank), "", rank);
    out.send(daemon_of(rank), asked);
  }
  send(kTool, out, began, 0);
  return run(began);
}

double SightCluster::find_peers() {
  for (auto& [id, process] : processes_) process.connected.erase(kTool);
  processes_.erase(kTool);
  const Time began = clock_.now();
  Outbox out;
  out.send(kHead, GetPeers{});
  send(kTool, out, began, 0);
  peers_.reset();
  while (!peers_) ATOLL_CHECK(clock_.step(Time::max()));
  return seconds(processes_[kTool].free_at - began);
}

}  // namespace Atoll::sim
