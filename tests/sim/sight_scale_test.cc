// What looking at ten thousand nodes takes: who asks, who is asked and the wires between them.
#include <doctest/doctest.h>

#include <iostream>

#include "runtime/state/columns.h"
#include "tests/sim/sight_cluster.h"
#include "tests/support/builders.h"

namespace Atoll {
namespace {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

using sim::SightCluster;

constexpr std::uint32_t kNodeCount = 10'000;
constexpr std::uint32_t kWorkersEach = 10;  // of each node
constexpr std::uint32_t kObjectsEach = 10;
constexpr std::uint64_t kMillion = 1'000'000;
constexpr std::uint64_t kWorkerTasks = 10;  // of one worker of each node; the driver has the rest of a million
constexpr Duration kPatience = std::chrono::seconds(1);  // as launcher/look.h

SightCluster& cluster() {
  static SightCluster made({.nodes = kNodeCount,
                            .workers = kWorkersEach,
                            .objects = kObjectsEach,
                            .driver_tasks = kMillion - kNodeCount * kWorkerTasks,
                            .worker_tasks = kWorkerTasks});
  return made;
}

GetState question(StateKind kind, const std::vector<std::string>& filters = {}, const std::string& sort = "") {
  GetState asked;
  asked.kind = kind;
  for (const StateColumn& column : info_of(kind).columns) asked.columns.emplace_back(column.key);
  for (const std::string& filter : filters) asked.filters.push_back(parse_filter(kind, filter).value());
  asked.sort = sort;
  asked.descending = !sort.empty();
  return asked;
}

void say(const char* what, const SightCluster::Look& look) {
  std::cout << what << ": " << look.took * 1e3 << " ms; the busiest process had " << look.busiest * 1e3 << " ms and "
            << look.most_connections << " new connections; " << look.messages << " messages\n";
}

StateReport within_a_second(const char* what, const GetState& asked) {
  SightCluster::Look look = cluster().ask(asked, kPatience);
  say(what, look);
  CHECK_MESSAGE(look.took < 1, what);
  CHECK_MESSAGE(look.report.silent.empty(), what);
  return std::move(look.report);
}

std::size_t column(StateKind kind, const std::string& key) {
  return static_cast<std::size_t>(find_column(kind, key) - info_of(kind).columns.data());
}

#endif

}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("sim_scale: ten thousand nodes and a million tasks are listed and explained within a second") {
  const double found = cluster().find_peers();
  std::cout << "who is there, of ten thousand nodes: " << found * 1e3 << " ms\n";
  CHECK(found < 1);
  using enum StateKind;
  const StateReport workers =
      within_a_second("100 of 100,000 workers by pid, connected to nobody yet", question(kWorkers, {}, "pid"));
  CHECK(workers.total == kNodeCount * kWorkersEach);
  REQUIRE(workers.rows.size() == 100);
  for (const StateRow& row : workers.rows) CHECK(row.cells[column(kWorkers, "pid")].number == 1000 + kWorkersEach - 1);
  for (std::uint32_t rank = 0; rank < 100; ++rank)
    CHECK(workers.rows[rank].cells[column(kWorkers, "node")].number == rank);
  within_a_second("the same again", question(kWorkers, {}, "pid"));
  GetState many = question(kWorkers);
  many.limit = kMostRows;
  CHECK(within_a_second("10,000 of 100,000 workers, as many as there may be", many).rows.size() == kMostRows);
  const StateReport objects = within_a_second("100 of 100,000 objects by size", question(kObjects, {}, "bytes"));
  CHECK(objects.total == kNodeCount * kObjectsEach);
  CHECK(objects.rows.at(99).cells[column(kObjects, "bytes")].number == 100'000 + kObjectsEach);
  const StateReport tasks =
      within_a_second("100 of 1,000,000 tasks of 100,001 owners, the oldest first", question(kTasks, {}, "seconds"));
  CHECK(tasks.total == kMillion);
  CHECK(tasks.rows.size() == 100);
}

TEST_CASE("sim_scale: the questions of an explanation are answered within a second together") {
  using enum StateKind;
  cluster().find_peers();
  // As launcher/explain_search.cc asks, one after the other.
  const auto all_of = [](const char* what, const std::vector<GetState>& questions) {
    SightCluster::Look sum;
    for (const GetState& asked : questions) {
      const SightCluster::Look look = cluster().ask(asked, kPatience);
      CHECK_MESSAGE(look.report.silent.empty(), what);
      sum.report.total += look.report.total;
      sum.took += look.took;
      sum.busiest = std::max(sum.busiest, look.busiest);
      sum.most_connections = std::max(sum.most_connections, look.most_connections);
      sum.messages += look.messages;
    }
    say(what, sum);
    CHECK_MESSAGE(sum.took < 1, what);
    return sum.report.total;
  };
  const std::string task = to_string(TaskId{testing::kDriver, 777'777}),
                    object = to_string(SightCluster::object_of(1, 7));
  const std::string worker = to_string(SightCluster::worker_of(7'777, 3)), driver = to_string(testing::kDriver);
  const auto thing = [](const std::string& id) {
    return std::vector{question(kActors, {"name=" + id}), question(kGroups, {"name=" + id}),
                       question(kActors, {"id=" + id}),   question(kGroups, {"id=" + id}),
                       question(kTasks, {"id=" + id}),    question(kObjects, {"id=" + id}),
                       question(kRefs, {"id=" + id})};
  };
  std::vector<GetState> of_task = thing(task), of_object = thing(object);
  of_task.push_back(question(kRequests, {"owner=" + driver}));
  of_object.push_back(question(kJobs, {"id=" + driver}));
  CHECK(all_of("to explain one task", of_task) == 2);  // and what refers to its result
  CHECK(all_of("to explain one object", of_object) == 2);
  CHECK(all_of("to explain one worker", {question(kActors, {"name=" + worker}), question(kGroups, {"name=" + worker}),
                                         question(kWorkers, {"id=" + worker}), question(kJobs, {"id=" + worker}),
                                         question(kNodes, {"process=" + worker}), question(kJobs, {"id=" + driver}),
                                         question(kTasks, {"process=" + worker, "owner=" + driver})}) == 2);
}

TEST_CASE("sim_scale: of ten thousand nodes two that stand still are alone in being silent, and hide nobody") {
  cluster().find_peers();
  cluster().stop(1200);  // it gathers
  cluster().stop(4711);
  const SightCluster::Look look = cluster().ask(question(StateKind::kWorkers), kPatience);
  say("100 of 99,980 workers, where two daemons stand still", look);
  CHECK(look.took < 1.05);
  CHECK(look.report.total == (kNodeCount - 2) * kWorkersEach);
  CHECK(std::set(look.report.silent.begin(), look.report.silent.end()) ==
        std::set<std::string>{"the daemon of node n1200", "the daemon of node n4711"});
  cluster().go_on();
}

TEST_CASE("sim_scale: what the tree spares, beside a tool that asks each of ten thousand daemons itself") {
  cluster().find_peers();
  const SightCluster::Look first = cluster().ask_each(question(StateKind::kWorkers, {}, "pid"));
  say("100 of 100,000 workers, each daemon asked by the tool, connected to nobody yet", first);
  CHECK(first.took > 1);
  CHECK(first.report.total == kNodeCount * kWorkersEach);
  const SightCluster::Look again = cluster().ask_each(question(StateKind::kWorkers, {}, "pid"));
  say("the same again", again);
  CHECK(again.report.total == kNodeCount * kWorkersEach);
}
#endif

}  // namespace Atoll
