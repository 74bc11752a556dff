#include "tests/support/client_fixture.h"
#include "tests/support/node_fixture.h"

// What workers' output is named after: by the daemon, and by the owner of their tasks.
namespace Atoll {
namespace {

using namespace testing;

LeaseRequest lease_for(const std::string& work, std::uint64_t number) {
  LeaseRequest request = lease_request(number, cpus(1));
  request.work = work;
  return request;
}

void expect_name(JoinedNode& node, ProcessId worker, const std::string& name) {
  REQUIRE(node.names.size() == 1);
  CHECK(node.names.front().worker == worker);
  CHECK(node.names.front().name == name);
  node.names.clear();
}

TaskId submit(Client& client, const std::string& function) {
  const TaskId task{kDriver, ++client.sequence};
  client.core.submit(client.now, {task, function, {}, {cpus(1)}, 3}, client.out);
  client.take();
  return task;
}

}  // namespace

TEST_CASE("a worker is started under the name of its work, and named anew when it gets other work") {
  JoinedNode node;
  node.say(kDriver, lease_for("count", 1));
  node.settle();
  const StartWorker start = node.expect_start();
  CHECK(start.name == "count");
  node.ready(start.worker);
  const LeaseGrant first = node.mail.expect<LeaseGrant>(kDriver);
  node.say(kDriver, LeaseReturn{first.lease});
  node.say(kDriver, lease_for("count", 2));
  const LeaseGrant same = node.mail.expect<LeaseGrant>(kDriver);
  node.expect_nothing_else();
  node.say(kDriver, NameLease{same.lease, ""});
  expect_name(node, start.worker, "");
  node.say(kDriver, LeaseReturn{same.lease});
  node.say(kDriver, lease_for("sum", 3));
  node.mail.expect<LeaseGrant>(kDriver);
  expect_name(node, start.worker, "sum");
}

TEST_CASE("only a lease's owner names it, and only while it has it") {
  JoinedNode node;
  const LeaseGrant granted = node.lease(1, cpus(1));
  node.say(ProcessId(0x666), NameLease{granted.lease, "theft"});
  node.expect_nothing_else();
  node.say(kDriver, LeaseReturn{granted.lease});
  node.say(kDriver, NameLease{granted.lease, "late"});
  node.expect_nothing_else();
}

TEST_CASE("an actor's worker has the actor's name, or else its class's") {
  for (const std::string& name : {std::string("trainer"), std::string()}) {
    JoinedNode node;
    ActorSpec spec = actor_spec(1, {});
    spec.name = name;
    spec.class_name = "Trainer";
    node.say(kHead, StartActor{spec, 1, 0});
    node.settle();
    const StartWorker start = node.expect_start();
    CHECK(start.name == (name.empty() ? "Trainer" : name));
    CHECK(start.actor == spec.actor);
  }
}

TEST_CASE("leases are asked for in the name of the tasks' function, and named anew when others come") {
  Client client;
  submit(client, "count");
  const LeaseRequest request = client.mail.expect<LeaseRequest>(kHome.process);
  CHECK(request.work == "count");
  const LeaseGrant granted = client.grant(kHome, request.request);
  client.mail.expect<PushTask>(granted.worker.process);
  client.expect_nothing_else();
  submit(client, "sum");
  const NameLease named = client.mail.expect<NameLease>(kHome.process);
  CHECK(named.lease == granted.lease);
  CHECK(named.work.empty());
  CHECK(client.mail.expect<LeaseRequest>(kHome.process).work.empty());
  submit(client, "count");
  client.mail.expect<LeaseRequest>(kHome.process);
  client.expect_nothing_else();
}

TEST_CASE("a lease that was asked for before is named when it comes") {
  Client client;
  submit(client, "count");
  const LeaseRequest request = client.mail.expect<LeaseRequest>(kHome.process);
  submit(client, "sum");
  client.mail.expect<LeaseRequest>(kHome.process);
  const LeaseGrant granted = client.grant(kHome, request.request);
  CHECK(client.mail.expect<NameLease>(kHome.process).work.empty());
}

TEST_CASE("tasks of one function after those of another give the leases its name, not more than once a second") {
  Client client;
  const TaskId first = submit(client, "count");
  const LeaseGrant granted = client.run();
  client.done(granted.worker.process, first);
  client.expect_completion(first);
  const TaskId second = submit(client, "sum");
  CHECK(client.mail.expect<NameLease>(kHome.process).work.empty());
  client.mail.expect<PushTask>(granted.worker.process);
  client.done(granted.worker.process, second);
  client.expect_completion(second);
  client.now += kRenameInterval;
  submit(client, "sum");
  CHECK(client.mail.expect<NameLease>(kHome.process).work == "sum");
}

TEST_CASE("an owner counts its tasks, what became of them, and how long they waited") {
  Client client;
  const TaskId task = submit(client, "count");
  const LeaseRequest request = client.mail.expect<LeaseRequest>(kHome.process);
  client.now += std::chrono::milliseconds(3);
  const LeaseGrant lost = client.grant(kHome, request.request);
  client.mail.expect<PushTask>(lost.worker.process);
  client.say(kHome.process, LeaseLost{lost.lease, "killed", "n0", 7});
  const LeaseGrant granted = client.run(kHome, 2);
  client.done(granted.worker.process, task);
  const WorkTotals totals = client.core.totals();
  CHECK(totals.tasks == 1);
  CHECK(totals.failed == 0);
  CHECK(totals.retries == 1);
  CHECK(totals.waits.count() == 2);
  CHECK(totals.waits.seconds == doctest::Approx(0.006));
}

TEST_CASE("a daemon reports what was held of the node, times how long") {
  JoinedNode node;
  const LeaseGrant granted = node.lease(1, cpus(3));
  node.pass(std::chrono::seconds(10));
  node.say(kDriver, LeaseReturn{granted.lease});
  node.pass(std::chrono::seconds(10));
  CHECK(node.reports.back().cpu_seconds_held == doctest::Approx(30).epsilon(0.05));
  CHECK(node.reports.back().gpu_seconds_held == 0);
}

}  // namespace Atoll
