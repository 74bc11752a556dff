// Which CPUs each task has: BIND-7 and BIND-8 of task_binding.h.
#include <doctest/doctest.h>

#include "topology/cpu_shares.h"
#include "topology/text.h"

namespace Atoll {
namespace {

Machine machine_of(const std::string& text) { return parse_machine(text).value(); }

// Two NUMA nodes of four cores with two hardware threads each, numbered as Linux does: 0-3 and 8-11, 4-7 and 12-15.
const Machine kTwoThreads = machine_of("numa 0 cpus 0-3,8-11\nnuma 1 cpus 4-7,12-15\n");
std::vector<CpuList> cores() {
  std::vector<CpuList> all;
  for (int i = 0; i < 8; ++i) all.push_back({i, i + 8});
  return all;
}

std::vector<std::string> words(const std::vector<CpuShare>& shares) {
  std::vector<std::string> all;
  for (const CpuShare& share : shares) all.push_back(to_string(share.cpus) + " " + std::to_string(share.cores));
  return all;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("hardware threads of a core stay together") {
  const auto pools = find_pools(kTwoThreads, kTwoThreads.cpus, cores());
  CHECK(words(share_cpus(pools, {{0}, {0}, {1}}, true)) == Words{"0-1,8-9 2", "2-3,10-11 2", "4-7,12-15 4"});
  CHECK(words(share_cpus(pools, {{0, 1}, {1}}, true)) == Words{"0-5,8-13 6", "6-7,14-15 2"});
  CHECK(words(share_cpus(pools, {{0}, {0}, {0}}, true)) == Words{"0,8 1", "1,9 1", "2-3,10-11 2"});
}

TEST_CASE("more tasks than cores have a processor each, and more than processors share one") {
  const auto pools = find_pools(kTwoThreads, {0, 1, 4, 8, 9}, cores());
  REQUIRE(pools.size() == 2);
  CHECK(words(share_cpus(pools, {{0}, {0}, {0}, {1}}, true)) == Words{"0 1", "8 1", "1,9 2", "4 1"});
  CHECK(words(share_cpus(pools, {{1}, {1}, {1}}, true)) == Words{"4 1", "4 1", "4 1"});
  CHECK(words(share_cpus(pools, Homes(5, {0}), true)) == Words{"0 1", "0 1", "8 1", "1 1", "9 1"});
}

TEST_CASE("shares that are not exclusive are all of a NUMA node") {
  const auto pools = find_pools(kTwoThreads, kTwoThreads.cpus, cores());
  CHECK(words(share_cpus(pools, {{0}, {0}, {1}}, false)) == Words{"0-3,8-11 4", "0-3,8-11 4", "4-7,12-15 4"});
}

TEST_CASE("a processor of no known core is one of its own, and a NUMA node without granted CPUs is none") {
  CHECK(find_pools(kTwoThreads, {1, 2, 9}, {}) == std::vector<CpuPool>{{0, {{1}, {2}, {9}}}});
  CHECK(find_pools(kTwoThreads, {1, 2, 9}, {{1, 9}}) == std::vector<CpuPool>{{0, {{1, 9}, {2}}}});
  CHECK(find_pools(kTwoThreads, {}, cores()).empty());
}

TEST_CASE("tasks are divided over NUMA nodes") {
  const std::vector<int> nodes = {0, 1, 4, 5};
  CHECK(divide_evenly({0, 1}, 3) == Homes{{0}, {0}, {1}});
  CHECK(divide_evenly(nodes, 4) == Homes{{0}, {1}, {4}, {5}});
  CHECK(divide_evenly(nodes, 2) == Homes{{0, 1}, {4, 5}});
  CHECK(divide_evenly(nodes, 3) == Homes{{0}, {1}, {4, 5}});
  CHECK(divide_evenly(nodes, 1) == Homes{{0, 1, 4, 5}});
  CHECK(go_round({0, 1}, 5) == Homes{{0}, {1}, {0}, {1}, {0}});
  CHECK(go_round(nodes, 2) == Homes{{0, 1}, {4, 5}});
}

TEST_CASE("NUMA nodes are filled by what each task counts as (BIND-7)") {
  const auto pools = find_pools(kTwoThreads, kTwoThreads.cpus, {});
  const struct {
    int tasks, cpus;
    Homes homes;
  } cases[] = {
      {2, 4, {{0}, {0}}},            // fits into the first
      {3, 4, {{0}, {0}, {1}}},       //
      {2, 0, {{0}, {1}}},            // their part of all
      {3, 0, {{0}, {0}, {1}}},       //
      {1, 0, {{0, 1}}},              // all
      {1, 12, {{0, 1}}},             // more than a node holds
      {4, 8, {{0}, {0}, {1}, {1}}},  // more than there are: their part
      {2, 100000, {{0}, {1}}},       //
  };
  for (const auto& [tasks, cpus, homes] : cases) {
    CAPTURE(tasks);
    CAPTURE(cpus);
    CHECK(fill_nodes(pools, tasks, cpus) == homes);
  }
  CHECK(fill_nodes(find_pools(kTwoThreads, {0}, {}), 3, 0) == Homes{{0}, {0}, {0}});
  CHECK(fill_nodes(find_pools(kTwoThreads, {0, 4}, {}), 3, 0) == Homes{{0}, {0}, {1}});
}

}  // namespace Atoll
