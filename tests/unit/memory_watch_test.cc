#include "runtime/node/memory_watch.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/node_fixture.h"

namespace Atoll {
namespace {

using namespace testing;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20, kGiB = std::uint64_t{1} << 30, kLimit = 16 * kGiB;
constexpr ProcessId kOwner{0x300};

MemoryHolder holder(std::uint64_t worker, std::uint64_t bytes, Loss loss, int began = 0) {
  return {ProcessId(worker), bytes, loss, Time(std::chrono::seconds(began))};
}

std::uint64_t chosen(const std::vector<MemoryHolder>& holders) {
  const std::optional<MemoryHolder> one = choose_to_end(holders, kLimit);
  return one ? static_cast<std::uint64_t>(one->worker) : 0;
}

// A node of which so many workers run tasks.
struct BusyNode : JoinedNode {
  std::vector<ProcessId> workers;
  std::vector<LeaseId> leases;

  void add_lease(std::uint64_t request) {
    say(kOwner, lease_request(request, cpus(1)));
    if (mail.words().find("GetJob") != std::string::npos) settle();
    workers.push_back(expect_start().worker);
    ready(workers.back());
    leases.push_back(mail.expect<LeaseGrant>(kOwner).lease);
  }
  ProcessId add_actor(std::uint64_t number, std::int32_t restarts, std::uint32_t incarnation = 1) {
    say(kHead, StartActor{actor_spec(number, cpus(1), restarts), incarnation, 0});
    if (mail.words().find("GetJob") != std::string::npos) settle();
    workers.push_back(expect_start().worker);
    ready(workers.back());
    (void)mail.expect<InitActor>(workers.back());
    say(workers.back(), InitActorDone{ActorId{kDriver, number}, {}});
    (void)mail.expect<ActorStarted>(kHead);
    return workers.back();
  }
  // 15.6 of 16 GiB are used, of them so many by each worker.
  void be_short(const std::vector<std::uint64_t>& bytes) {
    MemoryShortage shortage{now, kLimit - 400 * kMiB, kLimit, {}};
    for (std::size_t i = 0; i < bytes.size(); ++i) shortage.workers.push_back({workers.at(i), bytes[i]});
    node.on_memory_shortage(now, shortage, out);
    take();
  }
};

}  // namespace

TEST_CASE("WATCH-1: idle workers are ended first, then those whose tasks or actors come again, then others") {
  std::vector<MemoryHolder> all = {holder(5, 16 * kGiB, Loss::kActor), holder(4, 8 * kGiB, Loss::kLastTry),
                                   holder(3, 4 * kGiB, Loss::kRestart), holder(2, 2 * kGiB, Loss::kTasks),
                                   holder(1, kGiB, Loss::kNothing)};
  for (const std::uint64_t next : {1, 2, 3, 4, 5}) {
    CHECK(chosen(all) == next);
    all.pop_back();
  }
  CHECK(chosen(all) == 0);
}

TEST_CASE("WATCH-2: of equals the largest is ended, and of those nearly as large the one that began last") {
  CHECK(chosen({holder(1, 2 * kGiB, Loss::kTasks, 5), holder(2, 3 * kGiB, Loss::kTasks, 1)}) == 2);
  CHECK(chosen({holder(1, 2900 * kMiB, Loss::kTasks, 5), holder(2, 3000 * kMiB, Loss::kTasks, 1)}) == 1);
  CHECK(chosen({holder(2, 3000 * kMiB, Loss::kTasks, 1), holder(1, 2900 * kMiB, Loss::kTasks, 5),
                holder(3, 2600 * kMiB, Loss::kTasks, 9)}) == 1);
}

TEST_CASE("WATCH-3: who uses little is left alone, idle or not") {
  CHECK(chosen({holder(1, 163 * kMiB, Loss::kNothing), holder(2, 0, Loss::kTasks)}) == 0);
  CHECK(chosen({holder(1, 163 * kMiB, Loss::kNothing), holder(2, kGiB, Loss::kActor)}) == 2);
  CHECK(chosen({holder(1, 164 * kMiB, Loss::kNothing), holder(2, kGiB, Loss::kActor)}) == 1);
}

TEST_CASE("the words of an end for lack of memory are in amounts") {
  const MemoryShortage shortage{Time(), kLimit - 400 * kMiB, kLimit, {}};
  CHECK(words_of_shortage(shortage, holder(1, 9 * kGiB + 100 * kMiB, Loss::kTasks)) ==
        "15.6 GiB of 16 GiB used, this worker 9.1 GiB, more than any other that runs tasks");
}

TEST_CASE("what a memory watch may be") {
  CHECK(*parse_memory_watch("off") == 0);
  CHECK(*parse_memory_watch("0.95") == 0.95);
  CHECK(*parse_memory_watch("1") == 1);
  for (const char* text : {"", "0", "-1", "1.1", "95", "0.9x", "nan", "OFF"}) {
    CAPTURE(text);
    CHECK(parse_memory_watch(text).status().message() ==
          std::string(text) + " must be a share of the node's memory, above 0 and up to 1, or off");
  }
}

TEST_CASE_FIXTURE(BusyNode, "NODE-10: the task of a worker that is ended for lack of memory hears why when it has ended") {
  add_lease(1);
  add_lease(2);
  be_short({kGiB, 9 * kGiB});
  REQUIRE(kills.size() == 1);
  CHECK(kills[0].at_once);
  expect_kill(workers[1]);
  expect_nothing_else();
  exit(workers[1], "was killed by signal 9 (Killed)");
  CHECK(mail.expect<WorkerDied>(kHead).cause.starts_with(
      "was ended by the memory watch of node n0 for lack of memory: 15.6 GiB of 16 GiB used"));
  const LeaseLost ended = mail.expect<LeaseLost>(kOwner);
  CHECK(ended.lease == leases[1]);
  CHECK(ended.cause.find(
            "was ended by the memory watch of node n0 for lack of memory: 15.6 GiB of 16 GiB used, this worker 9 GiB, more "
            "than any other that runs tasks") != std::string::npos);
  expect_nothing_else();
}

TEST_CASE_FIXTURE(BusyNode, "NODE-10: nobody else is ended before that process has, and what is in use was read anew") {
  add_lease(1);
  add_lease(2);
  be_short({kGiB, 9 * kGiB});
  expect_kill(workers[1]);
  now += kMemoryWatchInterval;
  be_short({kGiB, 9 * kGiB});
  expect_nothing_else();
  exit(workers[1], "was killed by signal 9 (Killed)");
  mail.expect<WorkerDied>(kHead);
  mail.expect<LeaseLost>(kOwner);
  be_short({kGiB});
  expect_nothing_else();
  now += kMemoryWatchInterval;
  be_short({kGiB});
  expect_kill(workers[0]);
  expect_nothing_else();
}

TEST_CASE_FIXTURE(BusyNode, "an idle worker that holds memory goes before those that work, and is nobody's loss") {
  add_lease(1);
  add_lease(2);
  say(kOwner, LeaseReturn{leases[0]});
  be_short({kGiB, 9 * kGiB});
  expect_kill(workers[0]);
  exit(workers[0], "was killed by signal 9 (Killed)");
  expect_nothing_else();
}

TEST_CASE_FIXTURE(BusyNode, "WATCH-1: a task without retries left is spared, until the worker runs another") {
  add_lease(1);
  add_lease(2);
  say(workers[1], WorkerLastTry{true});
  be_short({kGiB, 9 * kGiB});
  expect_kill(workers[0]);
  exit(workers[0], "was killed by signal 9 (Killed)");
  mail.expect<WorkerDied>(kHead);
  mail.expect<LeaseLost>(kOwner);
  now += kMemoryWatchInterval;
  add_lease(3);
  say(workers[1], WorkerLastTry{false});
  say(workers[2], WorkerLastTry{true});
  be_short({0, kGiB, 9 * kGiB});
  expect_kill(workers[1]);
  exit(workers[1], "was killed by signal 9 (Killed)");
  CHECK(mail.expect<WorkerDied>(kHead).cause.find("more than any other that runs tasks") != std::string::npos);
  mail.expect<LeaseLost>(kOwner);
  now += kMemoryWatchInterval;
  be_short({0, 0, 9 * kGiB});
  expect_kill(workers[2]);
  exit(workers[2], "was killed by signal 9 (Killed)");
  CHECK(mail.expect<WorkerDied>(kHead).cause.find("more than any other whose task is not run again") != std::string::npos);
}

TEST_CASE_FIXTURE(BusyNode, "WATCH-2: what counts as the beginning of a task is the lease, not the process") {
  add_lease(1);
  now += std::chrono::seconds(1);
  add_lease(2);
  now += std::chrono::seconds(1);
  say(kOwner, LeaseReturn{leases[0]});
  say(kOwner, lease_request(3, cpus(1)));
  CHECK(mail.expect<LeaseGrant>(kOwner).worker.process == workers[0]);  // the older process
  be_short({8 * kGiB, 8 * kGiB});
  expect_kill(workers[0]);
}

TEST_CASE_FIXTURE(BusyNode, "an actor without restarts left goes last") {
  add_actor(1, 0);
  add_actor(2, 2, 3);
  add_actor(3, 2, 2);
  be_short({3 * kGiB, 4 * kGiB, kGiB});
  expect_kill(workers[2]);
  exit(workers[2], "was killed by signal 9 (Killed)");
  CHECK(mail.expect<WorkerDied>(kHead).cause.find("more than any other actor that can be restarted") != std::string::npos);
  CHECK(mail.expect<ActorEnded>(kHead).restartable);
  now += kMemoryWatchInterval;
  be_short({3 * kGiB, 4 * kGiB});
  expect_kill(workers[1]);
}

TEST_CASE_FIXTURE(BusyNode, "where no worker holds much nobody is ended") {
  add_lease(1);
  be_short({100 * kMiB});
  expect_nothing_else();
}

}  // namespace Atoll
