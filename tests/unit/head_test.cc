#include "runtime/control/head.h"

#include "tests/support/head_fixture.h"

// The head's membership, jobs and demand. What it does with actors is in
// head_actors_test.cc.
namespace Atoll {
namespace {

using namespace testing;
using std::chrono::milliseconds;

constexpr ProcessId kTool{0x300};
constexpr ProcessId kOther{0x400};

}  // namespace

// ------------------------------------------------------------------ membership

TEST_CASE("a daemon that joins is welcomed, and welcomed again when it repeats itself") {
  HeadFixture head(2);
  head.join(0, node_info(0, 4));
  const Welcome welcome = head.mail.expect<Welcome>(daemon_of(0));
  CHECK(welcome.cluster == "reef");
  CHECK(welcome.expected_nodes == 2);
  CHECK(head.mail.learned(contact_of(daemon_of(0), NodeId(0))));
  head.join(0, node_info(0, 4));
  head.mail.expect<Welcome>(daemon_of(0));
  head.mail.expect_nothing_else();
  CHECK(head.head.nodes().alive() == 1);
}

TEST_CASE("a rank that is out of range, taken, or claimed for somebody else is refused") {
  HeadFixture head(1);
  head.say(daemon_of(5), join_of(5, node_info(5, 4)));
  head.mail.expect<Expelled>(daemon_of(5));
  head.join(0, node_info(0, 4));
  head.mail.expect<Welcome>(daemon_of(0));
  Join thief = join_of(0, node_info(0, 4));
  thief.daemon = contact_of(kOther, NodeId(0));
  head.say(kOther, thief);
  head.mail.expect<Expelled>(kOther);
  head.say(kOther, join_of(0, node_info(0, 4)));
  head.mail.expect<Expelled>(kOther);
  head.mail.expect_nothing_else();
  CHECK(head.head.nodes().alive() == 1);
}

TEST_CASE("a node whose amounts are impossible is expelled with the reason") {
  HeadFixture head(1);
  NodeInfo liar = node_info(0, 4, 2);
  liar.gpu_capacity.pop_back();
  head.join(0, liar);
  CHECK(head.mail.expect<Expelled>(daemon_of(0)).why.find("2 gpu") != std::string::npos);
  head.mail.expect_nothing_else();
  CHECK(head.head.nodes().alive() == 0);
}

TEST_CASE("HEAD-1: clients are attached when the last expected node has joined, not before") {
  HeadFixture head(2);
  head.join(1, node_info(1, 4));
  head.mail.drop_all();
  head.say(kDriver, attach_driver(kDriver, "n1"));
  head.say(kTool, Attach{contact_of(kTool), ClientKind::kTool, "login", {}});
  head.mail.expect_nothing_else();
  head.join(0, node_info(0, 4));
  head.mail.expect<Welcome>(daemon_of(0));
  const Attached driver = head.mail.expect<Attached>(kDriver);
  CHECK(driver.home == contact_of(daemon_of(1), NodeId(1)));
  CHECK(driver.nodes == 2);
  CHECK(head.mail.expect<Attached>(kTool).home.node == NodeId(0));
  head.mail.expect_nothing_else();
}

TEST_CASE("HEAD-1: a node that joined and died early does not keep clients waiting") {
  HeadFixture head(2);
  head.join(1, node_info(1, 4));
  head.say(kDriver, attach_driver());
  head.lose(daemon_of(1));
  head.mail.drop_all();
  head.join(0, node_info(0, 4));
  head.mail.expect<Welcome>(daemon_of(0));
  CHECK(head.mail.expect<Attached>(kDriver).nodes == 1);
  head.mail.expect_nothing_else();
}

TEST_CASE("a client that left while it waited is not attached") {
  HeadFixture head(1);
  head.say(kDriver, attach_driver());
  head.lose(kDriver);
  head.join(0, node_info(0, 4));
  head.mail.expect<Welcome>(daemon_of(0));
  head.mail.expect_nothing_else();
}

TEST_CASE("a client that gives somebody else's contact, or finds no node alive, is refused") {
  ReadyHead head(1, 4);
  head.say(kOther, attach_driver(kDriver));
  head.mail.expect<AttachRefused>(kOther);
  head.lose(daemon_of(0));
  head.mail.drop_all();
  head.say(kDriver, attach_driver());
  CHECK(head.mail.expect<AttachRefused>(kDriver).why == "every node of the cluster has died");
  head.mail.expect_nothing_else();
}

TEST_CASE("NODES-2: a silent node is dead within 3 s with the cause, and a talking one is not") {
  ReadyHead head(2, 4);
  head.pass(milliseconds(2400), {1});
  head.mail.expect_nothing_else();
  head.pass(milliseconds(600), {1});
  CHECK(head.mail.expect<Expelled>(daemon_of(0)).why.find("silent") != std::string::npos);
  head.mail.expect_nothing_else();
  const NodeStatus status = head.head.status(head.now).nodes[0];
  CHECK(status.state == NodeState::kDead);
  CHECK(status.cause.find("silent") != std::string::npos);
  CHECK(head.head.nodes().alive() == 1);
}

TEST_CASE("NODES-2: a node may be silent for as long as the head was told") {
  HeadFixture head(2, std::chrono::seconds(10));
  for (const std::uint32_t rank : {0, 1}) head.join(rank, node_info(rank, 4, 0));
  head.mail.drop_all();
  head.pass(milliseconds(9900), {1});
  head.mail.expect_nothing_else();
  head.pass(milliseconds(600), {1});
  CHECK(head.mail.expect<Expelled>(daemon_of(0)).why == "it has been silent for 10 s");
  head.mail.expect_nothing_else();
}

TEST_CASE("NODES-2: a head that was itself stopped for a minute does not blame its nodes") {
  ReadyHead head(1, 4);
  head.pass(milliseconds(700), {0});
  head.now += std::chrono::minutes(1);  // SIGSTOP, a suspended job, a paging host
  head.tick();
  head.mail.expect_nothing_else();
  REQUIRE_FALSE(head.head.log_lines().empty());
  CHECK(head.head.log_lines().back().starts_with("the head stood still for 60"));
  head.pass(milliseconds(19'000));
  head.mail.expect_nothing_else();
  head.pass(milliseconds(1500));
  head.mail.expect<Expelled>(daemon_of(0));
  head.mail.expect_nothing_else();
}

TEST_CASE("NODES-4: while no node is heard none is given up, and one that stays silent when others speak again is") {
  ReadyHead head(3, 4);
  head.pass(milliseconds(500), {0, 2});
  head.pass(milliseconds(16'000));  // a switch restarts, a host stands still
  head.mail.expect_nothing_else();
  head.pass(milliseconds(1000), {0});  // the first that speaks again is no reason to give up the others
  head.pass(milliseconds(1000), {0, 1});
  head.mail.expect_nothing_else();
  head.pass(milliseconds(1000), {0, 1});
  CHECK(head.mail.expect<Expelled>(daemon_of(2)).why == "it has been silent for 2.5 s");
  head.pass(milliseconds(3000), {0, 1});
  head.mail.expect_nothing_else();
}

TEST_CASE("NODES-4: nodes of which none is heard again are dead in the end") {
  ReadyHead head(2, 4);
  head.pass(milliseconds(20'500));
  CHECK(head.mail.expect<Expelled>(daemon_of(0)).why == "it has been silent for 20 s");
  CHECK(head.mail.expect<Expelled>(daemon_of(1)).why == "it has been silent for 20 s");
}

TEST_CASE("a node whose daemon's connection is lost is dead at once, with the cause") {
  ReadyHead head(2, 4);
  head.lose(daemon_of(1), "connection reset");
  CHECK(head.mail.expect<Expelled>(daemon_of(1)).why == "its daemon is gone: connection reset");
  head.mail.expect_nothing_else();
  const StatusReport report = head.head.status(head.now);
  CHECK(report.nodes[1].state == NodeState::kDead);
  REQUIRE(report.deaths.size() == 1);
  CHECK(report.deaths[0].what == "node n1");
}

TEST_CASE("HEAD-5: attached drivers, workers and living daemons are told of a node's death, tools and those that left are not") {
  ReadyHead head(3, 4);
  head.lose(daemon_of(2));
  CHECK(head.told_daemons == std::vector{daemon_of(0), daemon_of(1)});
  head.told_daemons.clear();
  head.attach();
  head.attach(kOther);
  head.say(kTool, Attach{contact_of(kTool), ClientKind::kTool, "n0", {}});
  head.lose(kOther);
  head.mail.drop_all();
  head.lose(daemon_of(1), "connection reset");
  head.mail.expect<Expelled>(daemon_of(1));
  const NodeDied died = head.mail.expect<NodeDied>(kDriver);
  CHECK(died.node == NodeId(1));
  CHECK(died.daemon == daemon_of(1));
  CHECK(died.why == "node n1 died: its daemon is gone: connection reset");
  CHECK(head.told_daemons == std::vector{daemon_of(0)});
  head.mail.expect_nothing_else();
}

TEST_CASE("HEAD-3: a daemon that was declared dead is expelled whatever it says") {
  ReadyHead head(2, 4);
  head.lose(daemon_of(1));
  head.mail.drop_all();
  head.say(daemon_of(1), Heartbeat{idle_usage(node_info(1, 4), 9)});
  head.mail.expect<Expelled>(daemon_of(1));
  head.say(daemon_of(1), join_of(1, node_info(1, 4)));
  head.mail.expect<Expelled>(daemon_of(1));
  head.mail.expect_nothing_else();
}

TEST_CASE("NODES-1: another process may take a dead rank, and the dead one stays dead then too") {
  ReadyHead head(1, 4);
  Join second = join_of(0, node_info(0, 8));
  second.daemon = contact_of(kOther, NodeId(0));
  head.lose(daemon_of(0));
  head.mail.drop_all();
  head.say(kOther, second);
  head.mail.expect<Welcome>(kOther);
  head.say(daemon_of(0), Heartbeat{idle_usage(node_info(0, 4), 9)});
  head.mail.expect<Expelled>(daemon_of(0));
  head.lose(kOther);
  head.mail.drop_all();
  head.say(daemon_of(0), join_of(0, node_info(0, 4)));
  head.mail.expect<Expelled>(daemon_of(0));
  head.mail.expect_nothing_else();
}

TEST_CASE("a message that is not for a head is a log line and nothing else") {
  ReadyHead head(1, 4);
  head.head.log_lines().clear();
  head.say(kOther, LeaseLost{});
  head.mail.expect_nothing_else();
  CHECK(head.head.log_lines().size() == 1);
}

TEST_CASE("a cluster that stops tells every living daemon") {
  ReadyHead head(2, 4);
  head.lose(daemon_of(0));
  head.mail.drop_all();
  head.head.stop("the user asked for it", head.out);
  head.mail.take(head.out);
  CHECK(head.mail.expect<Stop>(daemon_of(1)).why == "the user asked for it");
  head.mail.expect_nothing_else();
}

// ------------------------------------------------------------------------ jobs

TEST_CASE("HEAD-2: when a driver is gone every living daemon is told to end its job, once") {
  for (const bool by_detach : {true, false}) {
    CAPTURE(by_detach);
    ReadyHead head(3, 4);
    head.attach();
    head.lose(daemon_of(2));
    head.mail.drop_all();
    if (by_detach) head.say(kDriver, Detach{kDriver});
    head.lose(kDriver);
    CHECK(head.mail.expect<EndJob>(daemon_of(0)).job == kDriver);
    CHECK(head.mail.expect<EndJob>(daemon_of(1)).job == kDriver);
    head.mail.expect_nothing_else();
  }
}

TEST_CASE("nobody can end another driver's job") {
  ReadyHead head(1, 4);
  head.attach();
  head.say(kOther, Detach{kDriver});
  head.mail.expect_nothing_else();
}

TEST_CASE("a daemon that asks for a job is told of it, or that there is none") {
  ReadyHead head(1, 4);
  head.attach();
  head.say(daemon_of(0), GetJob{kDriver});
  const JobReply known = head.mail.expect<JobReply>(daemon_of(0));
  CHECK(known.found);
  CHECK(known.info.path == "/home/me/simulate");
  CHECK(known.info.driver == contact_of(kDriver));
  head.say(daemon_of(0), GetJob{kOther});
  const JobReply unknown = head.mail.expect<JobReply>(daemon_of(0));
  CHECK_FALSE(unknown.found);
  CHECK(unknown.info.job == kOther);
  head.mail.expect_nothing_else();
}

// ---------------------------------------------------------------------- demand

TEST_CASE("what fits is placed at once, node after node, the rest as room appears") {
  ReadyHead head(2, 4);
  head.say(kDriver, PlaceRequest{7, cpus(1), 10});
  const Placed first = head.mail.expect<Placed>(kDriver);
  const Placed second = head.mail.expect<Placed>(kDriver);
  head.mail.expect_nothing_else();
  CHECK(first.daemon == contact_of(daemon_of(0), NodeId(0)));
  CHECK(first.count == 4);
  CHECK(second.count == 4);
  CHECK(head.head.status(head.now).pending_leases == 2);
  head.report(0, 0, {first.reservation});
  head.mail.expect_nothing_else();
  head.report(0, 3);
  const Placed third = head.mail.expect<Placed>(kDriver);
  CHECK(third.count == 2);
  CHECK(third.request == 7);
  head.mail.expect_nothing_else();
}

TEST_CASE("a request goes past one that does not fit, and is behind those that want the same") {
  ReadyHead head(1, 4);
  head.say(kDriver, PlaceRequest{1, cpus(1), 2});
  const Placed before = head.mail.expect<Placed>(kDriver);
  head.say(kDriver, PlaceRequest{2, cpus(4), 1});
  head.say(kOther, PlaceRequest{1, cpus(4), 1});
  head.mail.expect_nothing_else();
  head.say(kTool, PlaceRequest{1, cpus(2), 1});
  const Placed passed = head.mail.expect<Placed>(kTool);
  head.mail.expect_nothing_else();
  head.report(0, 4, {before.reservation, passed.reservation});
  CHECK(head.mail.expect<Placed>(kDriver).request == 2);
  head.mail.expect_nothing_else();
}

TEST_CASE("a request can be changed and withdrawn") {
  ReadyHead head(1, 4);
  head.say(kOther, PlaceRequest{1, cpus(4), 1});
  const Placed other = head.mail.expect<Placed>(kOther);
  head.say(kDriver, PlaceRequest{1, cpus(1), 9});
  head.say(kDriver, PlaceRequest{1, cpus(1), 2});
  CHECK(head.head.status(head.now).pending_leases == 2);
  head.say(kDriver, PlaceRequest{1, cpus(1), 0});
  CHECK(head.head.status(head.now).pending_leases == 0);
  head.report(0, 4, {other.reservation});
  head.mail.expect_nothing_else();
}

TEST_CASE("HEAD-4: what can never fit is answered at once, with counts") {
  ReadyHead head(2, 4, 1);
  head.say(kDriver, PlaceRequest{3, gpus(2), 1});
  CHECK(head.mail.expect<Infeasible>(kDriver).why == "needs 2 gpu on one node; 2 nodes have at most 1 gpu");
  head.say(kDriver, PlaceRequest{4, gpus(1), 1});
  head.mail.expect<Placed>(kDriver);
  head.mail.expect_nothing_else();
}

TEST_CASE("HEAD-4: what can no longer fit since a node died is answered then") {
  HeadFixture head(2);
  head.join(0, node_info(0, 4));
  head.join(1, node_info(1, 8));
  head.mail.drop_all();
  head.say(kDriver, PlaceRequest{1, cpus(8), 2});
  head.mail.expect<Placed>(kDriver);
  head.lose(daemon_of(1));
  head.mail.expect<Expelled>(daemon_of(1));
  CHECK(head.mail.expect<Infeasible>(kDriver).why == "needs 8 cpu on one node; 1 node has at most 4 cpu");
  head.mail.expect_nothing_else();
}

TEST_CASE("a reservation is given back when its client dies before its node heard of it") {
  ReadyHead head(1, 4);
  head.say(kOther, PlaceRequest{1, cpus(4), 1});
  head.mail.expect<Placed>(kOther);
  head.say(kDriver, PlaceRequest{1, cpus(4), 1});
  head.mail.expect_nothing_else();
  head.lose(kOther);
  CHECK(head.mail.expect<Placed>(kDriver).count == 1);
  head.mail.expect_nothing_else();
}

TEST_CASE("a reservation that its node does not hear of in time is given back") {
  ReadyHead head(1, 4);
  head.say(kOther, PlaceRequest{1, cpus(4), 1});
  const Placed lost = head.mail.expect<Placed>(kOther);
  head.say(kDriver, PlaceRequest{1, cpus(4), 1});
  head.pass(std::chrono::seconds(5), {0});
  head.mail.expect_nothing_else();
  head.pass(std::chrono::seconds(6), {0});
  const Placed again = head.mail.expect<Placed>(kDriver);
  CHECK(again.reservation != lost.reservation);
  head.mail.expect_nothing_else();
}

TEST_CASE("a driver that has detached is placed nothing any more") {
  ReadyHead head(1, 4);
  head.attach();
  head.say(kOther, PlaceRequest{1, cpus(4), 1});
  const Placed other = head.mail.expect<Placed>(kOther);
  head.say(kDriver, PlaceRequest{1, cpus(4), 1});
  head.say(kDriver, Detach{kDriver});
  head.mail.expect<EndJob>(daemon_of(0));
  head.report(0, 4, {other.reservation});
  head.mail.expect_nothing_else();
}

TEST_CASE("a worker's death is in the status table, and the table is bounded") {
  ReadyHead head(1, 4);
  for (std::uint64_t i = 0; i < 300; ++i) head.say(daemon_of(0), WorkerDied{i, "leased for tasks", "exited with status 1"});
  head.say(kTool, GetStatus{});
  const StatusReport report = head.mail.expect<StatusReport>(kTool);
  REQUIRE(report.deaths.size() == 100);
  CHECK(report.deaths.back().what == "worker 299 on n0");
  CHECK(report.deaths.back().cause == "exited with status 1 (leased for tasks)");
  head.mail.expect_nothing_else();
}

}  // namespace Atoll
