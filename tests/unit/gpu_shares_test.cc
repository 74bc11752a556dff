// Which GPUs each task has: BIND-1 to BIND-5 of task_binding.h.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/support/gpu_shapes.h"
#include "topology/gpu_shares.h"
#include "topology/pick.h"

namespace Atoll {
namespace {

using namespace Shapes;

using Share = GpuShares (*)(const GpuGraph&, const std::vector<int>&, int);
constexpr Share kPack = share_packed, kSpread = share_spread, kIsland = share_by_island;

GpuShares share(Share how, const Shape& shape, int tasks) {
  const GpuGraph graph = shape.graph();
  return how(graph, range(0, graph.size()), tasks);
}

// Islands of these sizes, all on one NUMA node.
Shape islands(const std::vector<int>& sizes) {
  Shape shape{"islands", {}, {}};
  for (const int size : sizes) {
    const int first = static_cast<int>(shape.numa.size());
    shape.numa.resize(shape.numa.size() + static_cast<std::size_t>(size), 0);
    join_all(shape.wires, range(first, first + size), 100);
  }
  return shape;
}

std::vector<Shape> all_shapes() {
  return {h100(),  dgx1(),        mi300(),       tray(),        no_links(),        pairs(8), pairs(10),
          mi250(), four_rings(1), four_rings(2), interleaved(), degraded_bridge(), seven(),  dgx2()};
}

// "0,1 2,3".
std::string to_text(const GpuShares& shares) {
  std::string text;
  for (const std::vector<int>& share : shares) {
    text += text.empty() ? "" : " ";
    for (std::size_t i = 0; i < share.size(); ++i) text += (i == 0 ? "" : ",") + std::to_string(share[i]);
  }
  return text;
}

std::size_t count_islands(const GpuGraph& graph, const std::vector<int>& gpus) {
  std::set<int> touched;
  for (const int gpu : gpus) touched.insert(graph.island(gpu));
  return touched.size();
}

}  // namespace

TEST_CASE("tasks share out the GPUs of machines that are sold") {
  const struct {
    const char* what;
    Share how;
    Shape shape;
    int tasks;
    GpuShares expected;
  } cases[] = {
      {"a GPU each, in ring order", kPack, h100(), 8, {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}}},
      {"a GPU each, by turns over the NUMA nodes", kSpread, h100(), 8, {{0}, {4}, {1}, {5}, {2}, {6}, {3}, {7}}},
      {"an HGX has one island", kIsland, h100(), 2, {{0, 1, 2, 3}, {4, 5, 6, 7}}},
      {"three tasks have two each", kPack, h100(), 3, {{0, 1}, {2, 3}, {4, 5}}},
      {"three spread tasks reach both NUMA nodes", kSpread, h100(), 3, {{0, 1}, {4, 5}, {2, 3}}},
      {"one of one GPU", kPack, h100(), 1, {{0, 1, 2, 3, 4, 5, 6, 7}}},
      {"DGX-1: along the double links", kPack, dgx1(), 8, {{0}, {3}, {2}, {1}, {5}, {6}, {7}, {4}}},
      {"DGX-1: double links inside a task", kPack, dgx1(), 4, {{0, 3}, {1, 2}, {5, 6}, {4, 7}}},
      {"pairs: two spread tasks on different bridges", kSpread, pairs(4), 2, {{0, 1}, {2, 3}}},
      {"pairs: by turns over the bridges", kSpread, pairs(4), 4, {{0}, {2}, {1}, {3}}},
      {"more tasks than GPUs, in blocks", kPack, pairs(4), 6, {{0}, {0}, {1}, {2}, {2}, {3}}},
      {"more tasks than GPUs, by turns", kSpread, pairs(4), 6, {{0}, {2}, {1}, {3}, {0}, {2}}},
      {"one GPU, four tasks", kPack, islands({1}), 4, {{0}, {0}, {0}, {0}}},
      {"one GPU, four tasks, by island", kIsland, islands({1}), 4, {{0}, {0}, {0}, {0}}},
      {"without links by NUMA node", kPack, no_links(), 2, {{0, 1, 2, 3}, {4, 5, 6, 7}}},
      {"some idle, one each: the best together", kPack, islands({1, 3}), 3, {{1}, {2}, {3}}},
      {"some idle, two each: not the degraded bridge", kPack, degraded_bridge(), 3, {{0, 1}, {4, 5}, {6, 7}}},
      {"some idle, two each, by island: neither", kIsland, degraded_bridge(), 3, {{0, 1}, {4, 5}, {6, 7}}},
      {"all in use: the degraded bridge too", kPack, degraded_bridge(), 4, {{0, 1}, {2, 3}, {4, 5}, {6, 7}}},
      {"islands that lie across each other", kPack, interleaved(), 2, {{0, 2, 4, 6}, {1, 3, 5, 7}}},
      {"the same, by turns", kSpread, interleaved(), 4, {{0, 2}, {1, 3}, {4, 6}, {5, 7}}},
      {"MI250X: boards first", kPack, mi250(), 4, {{0, 1}, {2, 3}, {4, 5}, {6, 7}}},
      {"what islands leave goes to the last", kPack, islands({3, 3, 2}), 4, {{0, 1}, {3, 4}, {6, 7}, {2, 5}}},
      {"4 + 3: none crosses", kIsland, islands({4, 3}), 2, {{0, 1, 2}, {4, 5, 6}}},
      {"4 + 2: threes must cross", kIsland, islands({4, 2}), 2, {}},
      {"4 + 2: threes cross as pack allows", kPack, islands({4, 2}), 2, {{0, 1, 2}, {3, 4, 5}}},
      {"single GPUs have no island for two", kIsland, no_links(), 4, {}},
  };
  for (const auto& test : cases) {
    CAPTURE(std::string(test.what));
    CHECK(to_text(share(test.how, test.shape, test.tasks)) == to_text(test.expected));
  }
}

TEST_CASE("only the GPUs that were granted are shared out") {
  const GpuGraph graph = h100().graph();
  CHECK(share_packed(graph, {2, 5, 6}, 3) == GpuShares{{2}, {5}, {6}});
  CHECK(share_spread(graph, {2, 5, 6}, 3) == GpuShares{{2}, {5}, {6}});
  CHECK(share_packed(graph, {2, 5, 6}, 2) == GpuShares{{5}, {6}});
}

TEST_CASE("on every machine all tasks are alike, none has another's GPU, and by island none crosses") {
  for (const Shape& shape : all_shapes()) {
    CAPTURE(shape.name);
    const GpuGraph graph = shape.graph();
    for (int tasks = 1; tasks <= graph.size() + 3; ++tasks) {
      CAPTURE(tasks);
      const auto size = static_cast<std::size_t>(std::max(1, graph.size() / tasks));
      for (const Share how : {kPack, kSpread, kIsland}) {
        const GpuShares shares = share(how, shape, tasks);
        if (how == kIsland && shares.empty()) continue;
        REQUIRE(shares.size() == static_cast<std::size_t>(tasks));
        std::set<int> used;
        for (const std::vector<int>& gpus : shares) {
          CHECK(gpus.size() == size);
          CHECK(gpus == order_gpus(graph, gpus));
          if (how == kIsland) CHECK(count_islands(graph, gpus) == 1);
          used.insert(gpus.begin(), gpus.end());
        }
        CHECK(used.size() == std::min(size * shares.size(), static_cast<std::size_t>(graph.size())));
      }
    }
  }
}

}  // namespace Atoll
