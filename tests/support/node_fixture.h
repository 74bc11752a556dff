#pragma once

#include "runtime/node/node_daemon.h"
#include "tests/support/builders.h"
#include "tests/support/mail.h"

namespace Atoll::testing {

// A node daemon whose head, clients and workers are the test.
struct NodeFixture {
  explicit NodeFixture(NodeInfo info = node_info(0, 4, 2)) : node(options(std::move(info)), Time(), out) { take(); }

  static NodeDaemon::Options options(NodeInfo info) {
    NodeDaemon::Options options;
    options.self = contact_of(daemon_of(0), NodeId(0));
    options.head = contact_of(kHead);
    options.info = std::move(info);
    options.new_process = [next = std::uint64_t{0x9000}]() mutable { return ProcessId(next++); };
    return options;
  }

  // ---- events
  void say(ProcessId from, Message message) {
    node.on_message(now, from, std::move(message), out);
    take();
  }
  void lose(ProcessId peer, const std::string& why = "connection reset") {
    node.on_lost(now, peer, Status(Code::kUnavailable, why), out);
    take();
  }
  void exit(ProcessId worker, const std::string& cause) {
    node.on_worker_exit(now, worker, cause, out);
    take();
  }
  void program(const std::string& path, const std::string& failure = "", ProcessId job = kDriver) {
    node.on_program(now, job, path, failure, out);
    take();
  }
  void ready(ProcessId worker, const std::string& build_id = "b1") {
    say(worker, WorkerReady{contact_of(worker, NodeId(0)), 4711, build_id});
  }
  void tick() {
    node.on_tick(now, out);
    take();
  }
  // Time passes; the daemon ticks whenever it wants to and its head answers.
  void pass(Duration duration) {
    const Time end = now + duration;
    while (node.next_deadline() < end) {
      REQUIRE(node.next_deadline() > now);
      now = node.next_deadline();
      tick();
      say(kHead, HeartbeatAck{});
    }
    now = end;
    tick();
  }

  // ---- what came out
  StartWorker expect_start() {
    REQUIRE(!starts.empty());
    const StartWorker start = starts.front();
    starts.erase(starts.begin());
    return start;
  }
  void expect_kill(ProcessId worker) {
    REQUIRE(!kills.empty());
    CHECK(kills.front().worker == worker);
    kills.erase(kills.begin());
  }
  void expect_nothing_else() {
    mail.expect_nothing_else();
    CHECK(starts.empty());
    CHECK(kills.empty());
    CHECK(finds.empty());
    CHECK(stores.empty());
    CHECK(names.empty());
  }
  // Reports to the head come whenever something changed; most tests do not care.
  void take() {
    std::erase_if(out.letters, [this](const Outbox::Letter& letter) {
      const Heartbeat* beat = std::get_if<Heartbeat>(&letter.message);
      if (beat != nullptr) reports.push_back(beat->usage);
      return beat != nullptr;
    });
    const auto move_to = [](auto& from, auto& to) { to.insert(to.end(), from.begin(), from.end()); };
    move_to(out.starts, starts);
    move_to(out.kills, kills);
    move_to(out.names, names);
    move_to(out.finds, finds);
    move_to(out.stores, stores);
    move_to(out.ended_jobs, ended_jobs);
    mail.take(out);
    out.clear();
  }

  // ---- the steps that most tests begin with
  void welcome() {
    mail.expect<Join>(kHead);
    say(kHead, Welcome{"reef", 1});
  }
  // The job of kDriver can be started here.
  void settle() {
    mail.expect<GetJob>(kHead);
    say(kHead, JobReply{true, job_info()});
    REQUIRE(finds.size() == 1);
    finds.clear();
    program("/home/me/simulate");
  }
  // A granted lease and its worker.
  LeaseGrant lease(std::uint64_t number, const Resources& shape, ProcessId owner = kDriver) {
    say(owner, lease_request(number, shape));
    if (mail.words().find("GetJob") != std::string::npos) settle();
    ready(expect_start().worker);
    return mail.expect<LeaseGrant>(owner);
  }
  Fixed free_cpu() const { return node.ledger().free().amounts.cpu; }

  Time now{};
  NodeOutbox out;
  Mail mail;
  std::vector<NodeUsage> reports;
  std::vector<StartWorker> starts;
  std::vector<ProcessId> ended_jobs;
  std::vector<KillWorker> kills;
  std::vector<NameWorker> names;
  std::vector<FindProgram> finds;
  std::vector<StoreProgram> stores;
  NodeDaemon node;
};

// One that the head has welcomed.
struct JoinedNode : NodeFixture {
  explicit JoinedNode(NodeInfo info = node_info(0, 4, 2)) : NodeFixture(std::move(info)) { welcome(); }
};

}  // namespace Atoll::testing
