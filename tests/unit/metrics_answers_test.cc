// What the head and the node daemons say to who reads their metrics.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "tests/support/client_fixture.h"
#include "tests/support/head_fixture.h"
#include "tests/support/node_fixture.h"

namespace Atoll {
namespace {

using namespace testing;

// The sample whose first label has this value; the first of all if there is none to be named.
double sample_of(const MetricsPage& page, Metric metric, const std::string& label = "") {
  for (const MetricsPage::Sample& sample : page.of(metric).samples)
    if (label.empty() || sample.labels.at(0).second == label) return sample.value;
  FAIL("no sample of " << family_of(metric).name << " " << label);
  return 0;
}

template <typename Machine>
MetricsPage page_of(const Machine& machine) {
  MetricsPage page;
  machine.add_metrics(page);
  return page;
}

TEST_CASE("a daemon counts leases, how long they took, and workers by state") {
  JoinedNode node(node_info(0, 4, 2));
  node.lease(1, cpus(1));
  node.now += std::chrono::milliseconds(20);
  node.say(kDriver, lease_request(2, cpus(1)));
  node.now += std::chrono::milliseconds(500);
  MetricsPage page = page_of(node.node);
  CHECK(sample_of(page, Metric::kLeases, "granted") == 1);
  CHECK(sample_of(page, Metric::kLeases, "starting") == 1);
  CHECK(sample_of(page, Metric::kLeases, "waiting") == 0);
  CHECK(sample_of(page, Metric::kWorkers, "working") == 1);
  CHECK(sample_of(page, Metric::kWorkers, "starting") == 1);
  CHECK(sample_of(page, Metric::kCpus, "held") == 2);
  CHECK(sample_of(page, Metric::kCpus, "free") == 2);
  CHECK(sample_of(page, Metric::kGpus, "idle") == 2);
  CHECK(sample_of(page, Metric::kWorkerStarts) == 2);
  node.expect_start();
  const ProcessId worker = node.node.worker_count() == 2 ? ProcessId(0x9001) : ProcessId::kNone;
  node.ready(worker);
  node.mail.expect<LeaseGrant>(kDriver);
  page = page_of(node.node);
  const DurationHistogram& latency = page.of(Metric::kLeaseLatency).histograms.at(0);
  CHECK(latency.sum() == doctest::Approx(0.5));
  CHECK(latency.counts()[0] == 1);  // the first took no time
  node.exit(worker, "killed by signal 9");
  page = page_of(node.node);
  CHECK(sample_of(page, Metric::kWorkerFailures) == 1);
  CHECK(sample_of(page, Metric::kWorkers, "starting") == 0);
  CHECK(sample_of(page, Metric::kCpus, "held") == 1);
}

TEST_CASE("a daemon asks its workers what they own, and keeps what the dead had counted") {
  JoinedNode node;
  node.lease(1, cpus(1));
  const ProcessId worker{0x9000};
  node.node.count_tasks(node.now, node.out);
  node.take();
  const std::uint64_t request = node.mail.expect<GetTaskCounts>(worker).request;
  CHECK_FALSE(node.node.is_counted(node.now));
  TaskCounts counts{request, {}, {}};
  counts.tasks.submitted = counts.tasks.finished = 12;
  node.say(worker, counts);
  CHECK(node.node.is_counted(node.now));
  node.exit(worker, "exited with status 0");
  CHECK(sample_of(page_of(node.node), Metric::kTasksFinished) == 12);
  CHECK(sample_of(page_of(node.node), Metric::kOwners) == 0);
}

TEST_CASE("a daemon knows what its peers are") {
  JoinedNode node;
  node.lease(1, cpus(1));
  CHECK(node.node.class_of(kHead) == PeerClass::kHead);
  CHECK(node.node.class_of(ProcessId(0x9000)) == PeerClass::kWorker);
  CHECK(node.node.class_of(kDriver) == PeerClass::kDriver);
  CHECK(node.node.class_of(ProcessId(0x777)) == PeerClass::kOther);
}

TEST_CASE("a pause of a daemon is a stall that is counted") {
  JoinedNode node;
  node.pass(std::chrono::seconds(1));
  CHECK(sample_of(page_of(node.node), Metric::kLoopStalls) == 0);
  node.now += std::chrono::seconds(8);
  node.tick();
  CHECK(sample_of(page_of(node.node), Metric::kLoopStalls) == 1);
  CHECK(sample_of(page_of(node.node), Metric::kLoopStallSeconds) == doctest::Approx(8));
}

TEST_CASE("the head counts nodes, drivers, actors and groups by state, and what is restarted") {
  ReadyHead head(2, 4);
  head.attach();
  for (const std::uint64_t sequence : {1, 2, 3}) head.say(kDriver, create_actor(actor_spec(sequence, cpus(4), /*max_restarts=*/1)));
  head.say(kDriver, create_group(group_spec(1, cpus(100))));
  MetricsPage page = page_of(head.head);
  CHECK(sample_of(page, Metric::kReady) == 1);
  CHECK(sample_of(page, Metric::kNodes, "alive") == 2);
  CHECK(sample_of(page, Metric::kNodes, "dead") == 0);
  CHECK(sample_of(page, Metric::kDrivers) == 1);
  CHECK(sample_of(page, Metric::kActors, "starting") == 2);
  CHECK(sample_of(page, Metric::kActors, "pending") == 1);
  CHECK(sample_of(page, Metric::kActorsCreated) == 3);
  CHECK(sample_of(page, Metric::kGroups, "infeasible") == 1);
  CHECK(sample_of(page, Metric::kGroupsCreated) == 1);
  head.lose(daemon_of(0));
  page = page_of(head.head);
  CHECK(sample_of(page, Metric::kNodes, "alive") == 1);
  CHECK(sample_of(page, Metric::kNodes, "dead") == 1);
  CHECK(sample_of(page, Metric::kNodeDeaths) == 1);
  CHECK(sample_of(page, Metric::kActorRestarts) == 1);
  CHECK(sample_of(page, Metric::kActorsDied) == 0);
}

TEST_CASE("the head asks drivers what they own; those that detach stay counted") {
  ReadyHead head(1, 4);
  head.attach();
  head.head.count_tasks(head.now, head.out);
  head.take();
  TaskCounts counts{head.mail.expect<GetTaskCounts>(kDriver).request, {}, {}};
  counts.calls.failed = 3;
  counts.calls.queued = 9;
  head.say(kDriver, counts);
  CHECK(head.head.is_counted(head.now));
  CHECK(sample_of(page_of(head.head), Metric::kCalls, "queued") == 9);
  head.say(kDriver, Detach{kDriver});
  CHECK(sample_of(page_of(head.head), Metric::kCallsFailed) == 3);
  CHECK(sample_of(page_of(head.head), Metric::kCalls, "queued") == 0);
}

TEST_CASE("an owner says what it has under way and what came of the rest") {
  Client client;
  const TaskId good = client.submit(0);
  const ProcessId worker = client.run().worker.process;
  client.done(worker, good);
  const TaskId bad = client.submit(0);
  client.say(worker, TaskDone{bad, "", error_info(ErrorKind::kTaskFailed, "bad luck"), 1'000'000});
  const TaskId sent = client.submit(0);
  client.submit(0, {{nullptr, result_of(sent), contact_of(kDriver), nullptr}});
  client.mail.drop_all();
  client.say(kHead, GetTaskCounts{7});
  const TaskCounts counts = client.mail.expect<TaskCounts>(kHead);
  CHECK(counts.request == 7);
  CHECK(counts.tasks == WorkCounts{4, 1, 1, 0, 1, 0, 1});
  CHECK(counts.calls == WorkCounts{});
}

TEST_CASE("the head knows what its peers are") {
  ReadyHead head(1, 4);
  head.attach();
  head.say(ProcessId(0x300), Attach{contact_of(ProcessId(0x300)), ClientKind::kWorker, "n0", {}, 1});
  CHECK(head.head.class_of(daemon_of(0)) == PeerClass::kDaemon);
  CHECK(head.head.class_of(kDriver) == PeerClass::kDriver);
  CHECK(head.head.class_of(ProcessId(0x300)) == PeerClass::kWorker);
  CHECK(head.head.class_of(ProcessId(0x777)) == PeerClass::kOther);
}

}  // namespace
}  // namespace Atoll
