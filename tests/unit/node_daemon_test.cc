#include "runtime/node/node_daemon.h"

#include "runtime/control/node_table.h"
#include "tests/support/node_fixture.h"

// A node daemon's membership, leases and workers. Its programs and actors are
// in node_actors_test.cc, its ledger under random events in node_property_test.cc.
namespace Atoll {
namespace {

using namespace testing;
using std::chrono::milliseconds;


constexpr ProcessId kOwner{0x300};

}  // namespace

// ------------------------------------------------------------------ membership

TEST_CASE("a daemon joins, repeats itself until it is welcomed, and then sends heartbeats") {
  NodeFixture node;
  CHECK(node.mail.learned(contact_of(kHead)));
  CHECK(node.mail.expect<Join>(kHead).usage.sequence == 1);
  node.now += kHeartbeatInterval;
  node.tick();
  CHECK(node.mail.expect<Join>(kHead).usage.sequence == 2);
  node.say(kHead, Welcome{"reef", 1});
  node.now += kHeartbeatInterval;
  node.tick();
  REQUIRE(node.reports.size() == 1);
  CHECK(node.reports[0].sequence == 3);
  node.expect_nothing_else();
  CHECK(node.node.joined());
}

TEST_CASE("only the head can welcome, expel or stop a daemon") {
  NodeFixture node;
  node.mail.drop_all();
  node.say(kOwner, Welcome{});
  node.say(kOwner, Expelled{"go"});
  node.say(kOwner, Stop{"go"});
  CHECK_FALSE(node.node.joined());
  CHECK_FALSE(node.node.ending());
  node.say(kHead, Stop{"the cluster ends"});
  REQUIRE(node.node.ending());
  CHECK_FALSE(node.node.ending()->failed);
  CHECK(node.node.ending()->why == "the cluster ends");
  node.expect_nothing_else();
}

static_assert(kAllSilent >= 2 * kHeadSilence, "a head that hears nobody waits until its daemons have given it up (NODES-4)");

TEST_CASE("a daemon whose head expels it, is gone or silent ends with the reason") {
  NodeFixture expelled, lost, silent;
  expelled.say(kHead, Expelled{"it has been silent"});
  CHECK(expelled.node.ending()->why == "the head has given this node up: it has been silent");
  lost.lose(kHead);
  CHECK(lost.node.ending()->why == "the head is gone: connection reset");
  for (int i = 0; i < 20; ++i) {
    CHECK_FALSE(silent.node.ending());
    silent.now += kHeartbeatInterval;
    silent.tick();
  }
  silent.now += kHeartbeatInterval;
  silent.tick();
  CHECK(silent.node.ending()->why == "the head has been silent for 10 s");
  CHECK(silent.node.ending()->failed);
}

TEST_CASE("a daemon that was itself stopped for a minute does not blame its head") {
  JoinedNode node;
  node.pass(std::chrono::seconds(1));
  node.now += std::chrono::minutes(1);
  NodeOutbox out;
  node.node.on_tick(node.now, out);
  CHECK_FALSE(node.node.ending());
  REQUIRE(out.log_lines.size() == 1);
  CHECK(out.log_lines[0].starts_with("this daemon stood still for 6"));
}

TEST_CASE("a daemon that reports from one message to the next is ticked all the same, and does not say that it stood still") {
  JoinedNode node;
  NodeOutbox out;
  int ticks = 0;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    node.now += milliseconds(4);
    if (node.now >= node.node.next_deadline()) {
      node.node.on_tick(node.now, out);
      ++ticks;
    }
    node.say(kOwner, lease_request(i, cpus(1)));
  }
  CHECK(ticks >= 8);
  CHECK(out.log_lines.empty());
}

TEST_CASE("a daemon never wants to be woken in the past, welcomed or not") {
  NodeFixture node;
  node.say(kOwner, lease_request(1, cpus(1)));
  node.now += milliseconds(10);
  node.tick();
  CHECK(node.node.next_deadline() > node.now);
  node.say(kHead, Welcome{});
  node.tick();
  CHECK(node.node.next_deadline() > node.now);
}

TEST_CASE("changes are reported at most every 2 ms, and what was heard until it is acknowledged") {
  JoinedNode node;
  node.pass(milliseconds(600));
  node.reports.clear();
  node.say(kOwner, lease_request(1, cpus(1), 1, /*reservation=*/41));
  node.say(kOwner, lease_request(2, cpus(1), 1, /*reservation=*/42));
  node.now += milliseconds(2);
  node.tick();
  node.now += milliseconds(2);
  node.tick();
  REQUIRE_FALSE(node.reports.empty());
  CHECK(node.reports.size() <= 2);
  CHECK(node.reports.back().heard == std::vector<std::uint64_t>{41, 42});
  CHECK(node.reports.back().free.cpu == Fixed::whole(2));
  const std::uint64_t sequence = node.reports.back().sequence;
  node.now += kHeartbeatInterval;
  node.tick();
  CHECK(node.reports.back().heard == std::vector<std::uint64_t>{41, 42});
  node.say(kHead, HeartbeatAck{sequence});
  node.now += kHeartbeatInterval;
  node.tick();
  CHECK(node.reports.back().heard.empty());
}

// ---------------------------------------------------------------------- leases

TEST_CASE("the first lease of a job asks for the job, finds its program, starts a worker and is granted when it is up") {
  JoinedNode node;
  node.say(kOwner, lease_request(7, cpus(1)));
  CHECK(node.mail.expect<GetJob>(kHead).job == kDriver);
  node.expect_nothing_else();
  node.say(kHead, JobReply{true, job_info()});
  REQUIRE(node.finds.size() == 1);
  CHECK(node.finds[0].job.path == "/home/me/simulate");
  node.finds.clear();
  node.expect_nothing_else();
  node.program("/home/me/simulate");
  const StartWorker start = node.expect_start();
  CHECK(start.job == kDriver);
  CHECK(start.program == "/home/me/simulate");
  CHECK(start.cpu == Fixed::whole(1));
  CHECK(start.gpus.empty());
  node.expect_nothing_else();
  node.ready(start.worker);
  const LeaseGrant grant = node.mail.expect<LeaseGrant>(kOwner);
  CHECK(grant.request == 7);
  CHECK(grant.worker.process == start.worker);
  node.expect_nothing_else();
}

TEST_CASE("NODE-3: what does not fit is refused at once, the rest granted") {
  JoinedNode node;
  node.lease(1, cpus(1));
  node.say(kOwner, lease_request(2, cpus(1), 5));
  const LeaseRefused refused = node.mail.expect<LeaseRefused>(kOwner);
  CHECK(refused.request == 2);
  CHECK(refused.count == 2);
  CHECK(refused.failure.empty());
  for (int i = 0; i < 3; ++i) node.expect_start();
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed());
}

TEST_CASE("a request that is malformed or larger than the node is refused") {
  JoinedNode node;
  const Resources wrong[] = {gpus(1.5), cpus(5), {.cpu = Fixed::raw(-1)}, {.custom = {{"cpu", Fixed::whole(1)}}}};
  for (const Resources& shape : wrong) {
    node.say(kOwner, lease_request(1, shape));
    CHECK(node.mail.expect<LeaseRefused>(kOwner).count == 1);
  }
  node.expect_nothing_else();
}

TEST_CASE("requests for nothing of the node cannot start workers without end") {
  JoinedNode node;
  node.lease(1, cpus(1));
  node.say(kOwner, lease_request(2, cpus(0), 4'000'000'000u));
  CHECK(node.mail.expect<LeaseRefused>(kOwner).count > 3'999'990'000u);
  CHECK(node.starts.size() < 10'000);
}

TEST_CASE("a worker that is returned serves the next lease of its kind without a start") {
  JoinedNode node;
  const LeaseGrant first = node.lease(1, cpus(1));
  node.say(kDriver, LeaseReturn{first.lease, false});
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(4));
  node.say(kOwner, lease_request(2, cpus(1)));
  const LeaseGrant second = node.mail.expect<LeaseGrant>(kOwner);
  CHECK(second.worker == first.worker);
  CHECK(second.lease != first.lease);
  node.say(kOwner, lease_request(3, cpus(2)));  // another kind
  node.expect_start();
  node.expect_nothing_else();
}

TEST_CASE("a lease is returned by its owner, once") {
  JoinedNode node;
  const LeaseGrant grant = node.lease(1, cpus(1));
  node.say(kOwner, LeaseReturn{grant.lease, false});
  CHECK(node.free_cpu() == Fixed::whole(3));
  node.say(kDriver, LeaseReturn{grant.lease, false});
  node.say(kDriver, LeaseReturn{grant.lease, false});
  CHECK(node.free_cpu() == Fixed::whole(4));
  node.expect_nothing_else();
}

TEST_CASE("NODE-2: a killed worker's room is free when its process has ended, not before") {
  JoinedNode node;
  const LeaseGrant grant = node.lease(1, gpus(2));
  node.say(kDriver, LeaseReturn{grant.lease, /*broken=*/true});
  node.expect_kill(grant.worker.process);
  node.say(kOwner, lease_request(2, gpus(1)));  // its memory is still in use
  node.mail.expect<LeaseRefused>(kOwner);
  node.exit(grant.worker.process, "killed by signal 9");
  CHECK(node.node.ledger().outstanding() == 0);
  node.expect_nothing_else();
  CHECK(node.node.worker_count() == 0);
}

TEST_CASE("NODE-11: a worker that waited idle for too long is ended, if it says that nobody needs it") {
  JoinedNode node;
  const LeaseGrant grant = node.lease(1, cpus(1));
  node.pass(std::chrono::seconds(60));
  node.expect_nothing_else();  // leased is not idle
  node.say(kDriver, LeaseReturn{grant.lease, false});
  node.pass(std::chrono::seconds(29));
  node.expect_nothing_else();
  node.pass(std::chrono::seconds(2));
  const std::uint64_t question = node.mail.expect<IsNeeded>(grant.worker.process).question;
  node.expect_nothing_else();
  node.say(grant.worker.process, NeedReply{question, false});
  node.expect_kill(grant.worker.process);
  node.exit(grant.worker.process, "killed by signal 9");
  node.expect_nothing_else();
}

TEST_CASE("NODE-11: one that is needed, or does not answer, is asked again as much later; used meanwhile it stays") {
  JoinedNode node;
  const LeaseGrant grant = node.lease(1, cpus(1));
  const ProcessId worker = grant.worker.process;
  node.say(kDriver, LeaseReturn{grant.lease, false});
  node.pass(std::chrono::seconds(31));
  const std::uint64_t first = node.mail.expect<IsNeeded>(worker).question;
  SUBCASE("needed") { node.say(worker, NeedReply{first, true}); }
  SUBCASE("no answer") {}
  node.pass(std::chrono::seconds(29));
  node.expect_nothing_else();
  node.pass(std::chrono::seconds(2));
  const std::uint64_t second = node.mail.expect<IsNeeded>(worker).question;
  node.say(worker, NeedReply{first, false});  // of then
  node.expect_nothing_else();
  node.say(kDriver, lease_request(2, cpus(1)));
  const LeaseGrant again = node.mail.expect<LeaseGrant>(kDriver);
  CHECK(again.worker.process == worker);
  node.say(worker, NeedReply{second, false});
  node.say(kDriver, LeaseReturn{again.lease, false});
  node.say(worker, NeedReply{second, false});
  node.expect_nothing_else();
}

TEST_CASE("NODE-4: a leased worker that is killed is told to its owner and the head at once, with the cause") {
  JoinedNode node;
  const LeaseGrant grant = node.lease(1, cpus(1));
  node.exit(grant.worker.process, "killed by signal 9");
  const LeaseLost lost = node.mail.expect<LeaseLost>(kDriver);
  CHECK(lost.lease == grant.lease);
  CHECK(lost.cause == "process 4711 on n0 killed by signal 9");
  const WorkerDied died = node.mail.expect<WorkerDied>(kHead);
  CHECK(died.pid == 4711);
  CHECK(died.cause == "killed by signal 9");
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(4));
}

TEST_CASE("a worker that ended before it was ready is a refusal that says so") {
  JoinedNode node;
  node.say(kOwner, lease_request(7, cpus(1)));
  node.settle();
  node.exit(node.expect_start().worker, "exited with status 127");
  const LeaseRefused refused = node.mail.expect<LeaseRefused>(kOwner);
  CHECK(refused.request == 7);
  CHECK(refused.failure == "new process on n0 exited with status 127 before it was ready");
  node.mail.expect<WorkerDied>(kHead);
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(4));
}

TEST_CASE("a worker that is not ready within the limit is killed and its tenant told") {
  JoinedNode node;
  node.say(kOwner, lease_request(7, cpus(1)));
  node.settle();
  const ProcessId worker = node.expect_start().worker;
  node.pass(std::chrono::seconds(29));
  node.expect_nothing_else();
  node.pass(std::chrono::seconds(2));
  node.expect_kill(worker);
  node.pass(std::chrono::seconds(2));
  node.expect_nothing_else();  // killed once
  node.ready(worker);          // too late
  node.expect_nothing_else();
  node.exit(worker, "killed by signal 9");
  CHECK(node.mail.expect<LeaseRefused>(kOwner).failure == "new process on n0 was not ready within 30 s and was killed");
  node.mail.expect<WorkerDied>(kHead);
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(4));
}

TEST_CASE("a worker of another build than its job's is refused with both builds named") {
  JoinedNode node;
  node.say(kOwner, lease_request(7, cpus(1)));
  node.settle();
  const ProcessId worker = node.expect_start().worker;
  node.ready(worker, "b2");
  node.expect_kill(worker);
  node.exit(worker, "killed by signal 9");
  const std::string failure = node.mail.expect<LeaseRefused>(kOwner).failure;
  CHECK(failure.find("b2") != std::string::npos);
  CHECK(failure.find("b1") != std::string::npos);
  node.mail.expect<WorkerDied>(kHead);
  node.expect_nothing_else();
}

TEST_CASE("a worker whose connection is lost is ended, and its owner told why") {
  JoinedNode node;
  const LeaseGrant grant = node.lease(1, cpus(1));
  node.lose(grant.worker.process, "a message did not decode");
  node.expect_nothing_else();  // its exit would say more
  node.pass(std::chrono::seconds(2));
  node.expect_kill(grant.worker.process);
  node.exit(grant.worker.process, "killed by signal 9");
  CHECK(node.mail.expect<LeaseLost>(kDriver).cause ==
        "process 4711 on n0 was killed since its connection was lost: a message did not decode");
  node.mail.expect<WorkerDied>(kHead);
  node.expect_nothing_else();
}

TEST_CASE("a worker whose connection is lost since it ended is reported with its own cause") {
  JoinedNode node;
  const LeaseGrant grant = node.lease(1, cpus(1));
  node.lose(grant.worker.process);
  node.exit(grant.worker.process, "killed by signal 11");
  CHECK(node.mail.expect<LeaseLost>(kDriver).cause == "process 4711 on n0 killed by signal 11");
  node.mail.expect<WorkerDied>(kHead);
  node.lose(grant.worker.process);
  node.pass(std::chrono::seconds(2));
  node.expect_nothing_else();
}

TEST_CASE("when an owner is lost its leases are given back and their workers ended") {
  JoinedNode node;
  const LeaseGrant granted = node.lease(1, cpus(1), kOwner);
  node.lease(1, cpus(1), kDriver);
  node.say(kOwner, lease_request(2, cpus(1)));
  const ProcessId starting = node.expect_start().worker;
  node.lose(kOwner);
  node.expect_kill(granted.worker.process);
  node.expect_kill(starting);
  node.ready(starting);  // it was up just then
  node.exit(granted.worker.process, "killed by signal 9");
  node.exit(starting, "killed by signal 9");
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(3));
}

TEST_CASE("HEAD-2: the end of a job ends all of its workers and nobody else's") {
  JoinedNode node;
  constexpr ProcessId kSecond{0x500};
  const LeaseGrant leased = node.lease(1, cpus(1));
  const LeaseGrant idle = node.lease(2, cpus(1));
  node.say(kDriver, LeaseReturn{idle.lease, false});
  node.say(kSecond, lease_request(1, cpus(1), 1, 0, kSecond));
  node.mail.expect<GetJob>(kHead);
  node.say(kHead, EndJob{kDriver, "its driver has ended"});
  CHECK(node.kills.size() == 2);
  CHECK(node.ended_jobs == std::vector{kDriver});
  node.kills.clear();
  node.exit(leased.worker.process, "killed by signal 9");
  node.exit(idle.worker.process, "killed by signal 9");
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(3));
  node.say(kHead, JobReply{true, job_info(kSecond)});
  CHECK(node.finds.size() == 1);
}

TEST_CASE("NODE-9: so many workers start at one time, and the next when one is up or has ended") {
  JoinedNode node(node_info(0, 100, 0));
  for (std::uint64_t i = 1; i <= 100; ++i) node.say(kDriver, lease_request(i, cpus(1)));
  node.settle();
  CHECK(node.starts.size() == 100);  // fewer than two for each of its CPUs

  NodeDaemon::Options options = NodeFixture::options(node_info(0, 100, 0));
  options.most_starting = 2;
  NodeOutbox out;
  NodeDaemon few(options, Time(), out);
  few.on_message(Time(), kHead, Welcome{"reef", 1}, out);
  for (std::uint64_t i = 1; i <= 5; ++i) few.on_message(Time(), kDriver, lease_request(i, cpus(1)), out);
  few.on_message(Time(), kHead, JobReply{true, job_info()}, out);
  few.on_program(Time(), kDriver, "/home/me/simulate", "", out);
  REQUIRE(out.starts.size() == 2);
  const ProcessId first = out.starts[0].worker, second = out.starts[1].worker;
  out.clear();
  few.on_message(Time(), first, WorkerReady{contact_of(first, NodeId(0)), 1, "b1"}, out);
  CHECK(out.starts.size() == 1);
  out.clear();
  few.on_worker_exit(Time(), second, "exited with status 127", out);
  CHECK(out.starts.size() == 1);
  out.clear();
  // The last one waits still, however long, and is nobody's when its owner goes.
  few.on_tick(Time() + std::chrono::seconds(29), out);
  CHECK(out.kills.empty());
  few.on_lost(Time(), kDriver, Status(Code::kUnavailable, "gone"), out);
  CHECK(out.kills.size() == 3);
  CHECK(few.worker_count() == 3);
  CHECK(out.starts.empty());
}

TEST_CASE("a message that is not for a node daemon changes nothing") {
  JoinedNode node;
  node.say(kOwner, Placed{});
  node.expect_nothing_else();
}

}  // namespace Atoll
