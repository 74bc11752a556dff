#include "topology/islands.h"

#include <doctest/doctest.h>

#include <string>

using namespace Atoll;

namespace {

Machine machine_of(std::vector<int> gpus, std::vector<Link> links) {
  Machine machine;
  for (int index : gpus) {
    GpuInfo gpu;
    gpu.index = index;
    machine.gpus.push_back(gpu);
  }
  machine.links = std::move(links);
  return machine;
}

Link nvlink(int a, int b, int lanes) { return {a, b, LinkKind::kNvlink, false, lanes, lanes * 20.0}; }
Link switched(int a, int b, int lanes) { return {a, b, LinkKind::kNvlink, true, lanes, lanes * 20.0}; }
Link xgmi(int a, int b) { return {a, b, LinkKind::kXgmi, false, 1, 48}; }

}  // namespace

TEST_CASE("a machine without GPUs has no islands") { CHECK(find_islands(Machine()).empty()); }

TEST_CASE("a GPU without links is an island of one, complete and uniform") {
  CHECK(find_islands(machine_of({3, 7}, {})) ==
        std::vector<Island>{{IslandKind::kSingle, {3}, true, true}, {IslandKind::kSingle, {7}, true, true}});
}

TEST_CASE("islands are the connected components, whatever the shape of their links") {
  const struct {
    const char* what;
    std::vector<int> gpus;
    std::vector<Link> links;
    std::vector<Island> islands;
  } cases[] = {
      {"a bridge",
       {0, 1, 2},
       {nvlink(0, 1, 4)},
       {{IslandKind::kNvlink, {0, 1}, true, true}, {IslandKind::kSingle, {2}, true, true}}},
      {"interleaved pairs",
       {0, 1, 2, 3},
       {nvlink(0, 2, 4), nvlink(1, 3, 4)},
       {{IslandKind::kNvlink, {0, 2}, true, true}, {IslandKind::kNvlink, {1, 3}, true, true}}},
      {"a ring",
       {0, 1, 2, 3},
       {nvlink(0, 1, 2), nvlink(0, 3, 2), nvlink(1, 2, 2), nvlink(2, 3, 2)},
       {{IslandKind::kNvlink, {0, 1, 2, 3}, false, false}}},
      {"a chain over high numbers",
       {8, 9, 4095},
       {nvlink(8, 4095, 2), nvlink(9, 4095, 2)},
       {{IslandKind::kNvlink, {8, 9, 4095}, false, false}}},
      {"a triangle with a weak side",
       {0, 1, 2},
       {nvlink(0, 1, 2), nvlink(0, 2, 2), nvlink(1, 2, 1)},
       {{IslandKind::kNvlink, {0, 1, 2}, true, false}}},
      {"a switch",
       {0, 1, 2},
       {switched(0, 1, 18), switched(0, 2, 18), switched(1, 2, 18)},
       {{IslandKind::kNvswitch, {0, 1, 2}, true, true}}},
      {"a switch with one degraded GPU",
       {0, 1, 2},
       {switched(0, 1, 18), switched(0, 2, 17), switched(1, 2, 17)},
       {{IslandKind::kNvswitch, {0, 1, 2}, true, false}}},
      {"a direct link beside a switch",
       {0, 1, 2},
       {nvlink(0, 1, 4), switched(1, 2, 4)},
       {{IslandKind::kNvswitch, {0, 1, 2}, false, false}}},
      {"two hives",
       {0, 1, 2, 3},
       {xgmi(0, 3), xgmi(1, 2)},
       {{IslandKind::kXgmi, {0, 3}, true, true}, {IslandKind::kXgmi, {1, 2}, true, true}}},
  };
  for (const auto& [what, gpus, links, islands] : cases) {
    INFO(what);
    CHECK(find_islands(machine_of(gpus, links)) == islands);
  }
}

TEST_CASE("links of the same lanes but other speeds are not uniform") {
  Machine machine = machine_of({0, 1, 2}, {nvlink(0, 1, 2), nvlink(0, 2, 2), nvlink(1, 2, 2)});
  CHECK(find_islands(machine)[0].uniform);
  machine.links[1].gbps += 1;
  CHECK_FALSE(find_islands(machine)[0].uniform);
}

TEST_CASE("the kinds of islands have names") {
  CHECK(std::string(to_string(IslandKind::kSingle)) == "single");
  CHECK(std::string(to_string(IslandKind::kNvlink)) == "nvlink");
  CHECK(std::string(to_string(IslandKind::kNvswitch)) == "nvswitch");
  CHECK(std::string(to_string(IslandKind::kXgmi)) == "xgmi");
}
