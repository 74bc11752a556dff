#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/support/exhaustive_pick.h"
#include "tests/support/gpu_shapes.h"
#include "topology/pick.h"
#include "topology/pick_memo.h"
#include "topology/pick_search.h"

namespace Atoll {
namespace {

using namespace Shapes;

std::vector<Shape> all_shapes() {
  return {h100(),  dgx1(),        mi300(),       tray(),        no_links(),        pairs(8), pairs(10),
          mi250(), four_rings(1), four_rings(2), interleaved(), degraded_bridge(), seven(),  dgx2()};
}

std::vector<int> some_of(std::mt19937_64& random, int count, int most) {
  std::vector<int> all = range(0, count);
  std::shuffle(all.begin(), all.end(), random);
  all.resize(1 + random() % static_cast<std::size_t>(std::min(count, most)));
  std::sort(all.begin(), all.end());
  return all;
}

// All rings that begin with the lowest, in lexicographic order.
std::vector<int> best_ring(const ExhaustivePick& truth, std::vector<int> gpus) {
  std::vector<int> best;
  std::int64_t best_weakest = -1;
  do {
    std::int64_t weakest = truth.link(gpus.back(), gpus.front());
    for (std::size_t i = 1; i < gpus.size(); ++i) weakest = std::min(weakest, truth.link(gpus[i - 1], gpus[i]));
    if (weakest > best_weakest) {
      best = gpus;
      best_weakest = weakest;
    }
  } while (std::next_permutation(gpus.begin() + 1, gpus.end()));
  return best;
}

// The strongest weakest link of a ring, by dynamic programming over subsets.
std::int64_t best_bottleneck(const ExhaustivePick& truth, const std::vector<int>& gpus) {
  const std::size_t n = gpus.size();
  constexpr std::int64_t kNone = -1;
  std::vector<std::vector<std::int64_t>> best(std::size_t{1} << n, std::vector<std::int64_t>(n, kNone));
  best[1][0] = INT64_MAX;
  for (std::size_t set = 1; set < best.size(); ++set)
    for (std::size_t at = 0; at < n; ++at)
      for (std::size_t to = 0; best[set][at] != kNone && to < n; ++to) {
        if (set >> to & 1) continue;
        std::int64_t& there = best[set | std::size_t{1} << to][to];
        there = std::max(there, std::min(best[set][at], truth.link(gpus[at], gpus[to])));
      }
  std::int64_t most = 0;
  for (std::size_t at = 1; at < n; ++at)
    most = std::max(most, std::min(best.back()[at], truth.link(gpus[at], gpus[0])));
  return most;
}

void check_pick(const ExhaustivePick& truth, const GpuGraph& graph, const std::vector<int>& free, int k) {
  const std::optional<Pick> pick = pick_gpus(graph, free, k);
  REQUIRE(pick.has_value());
  CHECK(pick->gpus == truth.best(free, k));
  CHECK(pick->total_gbps == static_cast<double>(truth.inside(pick->gpus)) / 1000);
  CHECK(pick->order == order_gpus(graph, pick->gpus));
  CHECK(pick->bottleneck_gbps == bottleneck(graph, pick->order));
}

}  // namespace

TEST_CASE("PICK-2: random picks on every shape equal exhaustive search") {
  std::mt19937_64 random(20260101);
  int picks = 0;
  for (const Shape& shape : all_shapes()) {
    CAPTURE(shape.name);
    const GpuGraph graph = shape.graph();
    const ExhaustivePick truth(shape);
    for (int i = 0; i < 60; ++i, ++picks) {
      const std::vector<int> free = some_of(random, graph.size(), 12);
      check_pick(truth, graph, free, 1 + static_cast<int>(random() % free.size()));
    }
  }
  for (int i = 0; i < 400; ++i, ++picks) {
    const Shape shape = random_shape(random, 2 + static_cast<int>(random() % 11), 0.15 * static_cast<double>(i % 7));
    CAPTURE(i);
    const std::vector<int> free = some_of(random, static_cast<int>(shape.numa.size()), 12);
    check_pick(ExhaustivePick(shape), shape.graph(), free, 1 + static_cast<int>(random() % free.size()));
  }
  MESSAGE(picks << " picks equal exhaustive search");
  CHECK(picks >= 1000);
}

TEST_CASE("PICK-2: all of 16 free GPUs are searched exactly") {
  std::mt19937_64 random(16);
  for (const double density : {0.1, 0.2, 0.5, 1.0}) {
    const Shape shape = random_shape(random, 18, density);
    std::vector<int> free = range(0, 18);
    free.erase(free.begin() + 7);
    free.erase(free.begin() + 3);
    for (const int k : {5, 8}) check_pick(ExhaustivePick(shape), shape.graph(), free, k);
  }
}

TEST_CASE("PICK-1: each rule decides where those before it do not") {
  const Shape path{"path", numa_blocks(3, 1), {{0, 1, 100}, {1, 2, 50}}};
  struct {
    std::string rule;
    Shape shape;
    std::vector<int> free;
    int k;
    std::vector<int> gpus;
    int islands;
  } const cases[] = {
      {"fewest islands", pairs(8), {1, 2, 4, 5}, 2, {4, 5}, 1},
      {"the small island, though the big one is as fast", interleaved(), {0, 1, 2, 4, 5, 6}, 2, {1, 5}, 1},
      {"big islands stay whole", interleaved(), {0, 2, 4, 5, 6}, 1, {5}, 1},
      {"two double links and a single one", dgx1(), {0, 1, 2, 3, 4, 5, 6, 7}, 3, {0, 2, 3}, 1},
      {"a whole bridge before a degraded one", degraded_bridge(), {2, 3, 6, 7}, 2, {6, 7}, 1},
      {"the total that is left", path, {0, 1, 2}, 1, {2}, 1},
      {"one NUMA node", h100(), {2, 3, 4, 5, 6, 7}, 3, {4, 5, 6}, 1},
      {"lowest positions", h100(), {0, 1, 2, 3, 4, 5, 6, 7}, 2, {0, 1}, 1},
      {"an unknown NUMA node is one more", seven(), {4, 5, 6}, 2, {4, 6}, 1},
  };
  for (const auto& c : cases) {
    CAPTURE(c.rule);
    const auto pick = pick_gpus(c.shape.graph(), c.free, c.k);
    REQUIRE(pick.has_value());
    CHECK(pick->gpus == ExhaustivePick(c.shape).best(c.free, c.k));
    CHECK(pick->gpus == c.gpus);
    CHECK(pick->islands == c.islands);
  }
}

TEST_CASE("there is no pick of no GPUs, nor of more than are free") {
  const GpuGraph graph = h100().graph();
  CHECK_FALSE(pick_gpus(graph, {0, 1}, 0).has_value());
  CHECK_FALSE(pick_gpus(graph, {0, 1}, -1).has_value());
  CHECK_FALSE(pick_gpus(graph, {0, 1}, 3).has_value());
  CHECK_FALSE(pick_gpus(graph, {}, 1).has_value());
  CHECK(pick_gpus(graph, {1}, 1) == Pick{{1}, {1}, 1, 0, 0});
}

TEST_CASE("above 16 free GPUs islands are exact, and totals near the best") {
  std::mt19937_64 random(24);
  double worst = 1;
  int graphs = 0, best = 0;
  for (int i = 0; i < 40; ++i, ++graphs) {
    const int count = i % 5 == 4 ? 24 : 17 + i % 4;
    const Shape shape = random_shape(random, count, 0.3 + 0.15 * (i % 5));
    const ExhaustivePick truth(shape);
    const int k = 2 + static_cast<int>(random() % (count == 24 ? 4 : 8));
    const std::vector<int> right = truth.best(range(0, count), k);
    const auto pick = pick_gpus(shape.graph(), range(0, count), k);
    REQUIRE(pick.has_value());
    const double ratio = static_cast<double>(truth.inside(pick->gpus)) / static_cast<double>(truth.inside(right));
    worst = std::min(worst, ratio);
    best += pick->gpus == right;
  }
  MESSAGE(graphs << " random graphs of 17 to 24 GPUs: " << best << " sets are the best, the worst total is " << worst
                 << " of the best");
  CHECK(worst >= 0.95);
}

TEST_CASE("above 24 free GPUs totals are near those of a search without limit") {
  std::mt19937_64 random(40);
  double worst = 1;
  int graphs = 0, best = 0;
  for (; graphs < 24; ++graphs) {
    const Shape shape = random_shape(random, 28 + graphs % 13, 0.2 + 0.15 * (graphs % 6));
    const GpuGraph graph = shape.graph();
    const int k = 3 + graphs % 3;
    PickSearch unlimited(graph, k, INT64_MAX);
    unlimited.search(range(0, graph.size()));
    const auto pick = pick_gpus(graph, range(0, graph.size()), k);
    REQUIRE(pick.has_value());
    worst = std::min(worst, pick->total_gbps * 1000 / static_cast<double>(unlimited.best_inside()));
    best += pick->gpus == unlimited.best();
  }
  MESSAGE(graphs << " random graphs of 28 to 40 GPUs: " << best << " sets are the best, the worst total is " << worst
                 << " of the best");
  CHECK(worst >= 0.95);
}

TEST_CASE("64 partitions are picked whole GPU by whole GPU") {
  const GpuGraph graph = cpx(64).graph();
  const auto eight = pick_gpus(graph, range(0, 64), 8);
  REQUIRE(eight.has_value());
  CHECK(eight->total_gbps == 28 * 800);
  const auto rest = pick_gpus(graph, range(3, 64), 8);
  REQUIRE(rest.has_value());
  CHECK(rest->total_gbps == 28 * 800);
  CHECK(rest->bottleneck_gbps == 800);
}

TEST_CASE("16 GPUs without links are picked by NUMA node, hundreds at least in time") {
  const Shape few{"few", numa_blocks(16, 4), {}};
  CHECK(pick_gpus(few.graph(), range(1, 16), 4)->gpus == range(4, 8));
  const Shape many{"many", numa_blocks(1024, 4), {}};
  const auto pick = pick_gpus(many.graph(), range(100, 1024), 120);
  REQUIRE(pick.has_value());
  CHECK(pick->islands == 120);
  CHECK(pick->gpus.size() == 120);
}

TEST_CASE("above 16 free GPUs the islands with the fewest free GPUs that suffice are found") {
  std::mt19937_64 random(99);
  for (int i = 0; i < 60; ++i) {
    Shape shape{"uneven islands", {}, {}};
    std::vector<int> sizes;
    for (int count = 0; count < 40; count += sizes.back()) {
      sizes.push_back(1 + static_cast<int>(random() % 6));
      join_all(shape.wires, range(count, count + sizes.back()), 100);
      shape.numa.resize(static_cast<std::size_t>(count + sizes.back()), 0);
    }
    const int count = static_cast<int>(shape.numa.size()), k = 1 + static_cast<int>(random() % 30);
    const GpuGraph graph = shape.graph();
    const auto pick = pick_gpus(graph, range(0, count), k);
    REQUIRE(pick.has_value());
    // The other way round: the sums that n islands can have, for n = 1, 2, ….
    std::set<std::pair<int, int>> sums = {{0, 0}};
    for (const int size : sizes)
      for (const auto& [n, sum] : std::set(sums)) sums.emplace(n + 1, sum + size);
    const auto fits = [&](const auto& entry) { return entry.second >= k; };
    const auto right = *std::find_if(sums.begin(), sums.end(), fits);
    std::set<int> touched;
    for (const int gpu : pick->gpus) touched.insert(graph.island(gpu));
    int free = 0;
    for (const int island : touched) free += sizes[static_cast<std::size_t>(island)];
    CHECK(std::pair(static_cast<int>(touched.size()), free) == right);
    CHECK(pick->islands == right.first);
  }
}

TEST_CASE("ORDER-1: rings equal exhaustive search") {
  std::mt19937_64 random(7);
  int rings = 0;
  const auto check = [&](const Shape& shape, const std::vector<int>& gpus) {
    CAPTURE(shape.name);
    const ExhaustivePick truth(shape);
    std::vector<int> shuffled = gpus;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    CHECK(order_gpus(shape.graph(), shuffled) == best_ring(truth, gpus));
    ++rings;
  };
  for (const Shape& shape : all_shapes()) {
    const int count = static_cast<int>(shape.numa.size());
    if (count <= 8) check(shape, range(0, count));
    for (int i = 0; i < 20; ++i) check(shape, some_of(random, count, 7));
  }
  for (int i = 0; i < 200; ++i) {
    const Shape shape = random_shape(random, 7, 0.2 + 0.1 * (i % 9));
    check(shape, some_of(random, 7, 7));
  }
  MESSAGE(rings << " rings equal exhaustive search");
}

TEST_CASE("ORDER-1: up to 16 GPUs no ring has a stronger weakest link") {
  std::mt19937_64 random(16);
  for (int i = 0; i < 12; ++i) {
    const Shape shape = random_shape(random, 11 + i % 6, 0.3 + 0.1 * (i % 5));
    const GpuGraph graph = shape.graph();
    const std::vector<int> all = range(0, graph.size()), ring = order_gpus(graph, all);
    CHECK(std::is_permutation(ring.begin(), ring.end(), all.begin(), all.end()));
    CHECK(bottleneck(graph, ring) == static_cast<double>(best_bottleneck(ExhaustivePick(shape), all)) / 1000);
  }
}

TEST_CASE("the ring of a DGX-1 uses double links wherever they close") {
  const GpuGraph graph = dgx1().graph();
  const std::vector<int> ring = order_gpus(graph, range(0, 8));
  CHECK(ring == std::vector<int>{0, 3, 2, 1, 5, 6, 7, 4});
  CHECK(bottleneck(graph, ring) == 50);
}

TEST_CASE("small rings are their GPUs in order") {
  const GpuGraph graph = pairs(8).graph();
  CHECK(order_gpus(graph, {}).empty());
  CHECK(order_gpus(graph, {5}) == std::vector<int>{5});
  CHECK(order_gpus(graph, {1, 0}) == std::vector<int>{0, 1});
  CHECK(bottleneck(graph, {5}) == 0);
  CHECK(bottleneck(graph, {0, 1}) == 300);
  CHECK(bottleneck(graph, {0, 1, 2}) == 0);
}

TEST_CASE("a hidden ring of many GPUs is found") {
  std::mt19937_64 random(3);
  for (const int count : {24, 64}) {
    std::vector<int> hidden = range(0, count);
    std::shuffle(hidden.begin(), hidden.end(), random);
    Shape shape{"ring", numa_blocks(count, 1), {}};
    for (int i = 0; i < count; ++i) shape.wires.push_back({hidden[i], hidden[(i + 1) % count], 50});
    const GpuGraph graph = shape.graph();
    const std::vector<int> ring = order_gpus(graph, range(0, count));
    CHECK(bottleneck(graph, ring) == 50);
    CHECK(ring[0] == 0);
    CHECK(ring[1] < ring.back());
  }
}

TEST_CASE("hundreds of islands of all sizes are counted in bounded work") {
  std::mt19937_64 random(6);
  Shape shape{"many islands", {}, {}};
  while (shape.numa.size() < 1000) {
    const int first = static_cast<int>(shape.numa.size()), size = 1 + static_cast<int>(random() % 6);
    join_all(shape.wires, range(first, first + size), 100);
    shape.numa.resize(shape.numa.size() + static_cast<std::size_t>(size), static_cast<int>(random() % 4));
  }
  const GpuGraph graph = shape.graph();
  for (const int k : {7, 100, 401, 803}) {
    const auto pick = pick_gpus(graph, range(0, graph.size()), k);
    REQUIRE(pick.has_value());
    CHECK(pick->gpus.size() == static_cast<std::size_t>(k));
  }
}

TEST_CASE("a thousand GPUs at random are picked and ordered in bounded work") {
  std::mt19937_64 random(1024);
  const GpuGraph graph = random_shape(random, 1024, 0.1).graph();
  const auto pick = pick_gpus(graph, range(0, 1024), 500);
  REQUIRE(pick.has_value());
  std::vector<int> ring = pick->order;
  std::sort(ring.begin(), ring.end());
  CHECK(ring == pick->gpus);
  CHECK(pick->gpus.size() == 500);
}

TEST_CASE("a graph counts what its wires say") {
  const GpuGraph graph({0, 0, 4, std::nullopt, std::nullopt},
                       {{0, 2, 20.6}, {2, 0, 20.6}, {1, 1, 50}, {1, 9, 50}, {-1, 1, 50}, {3, 1, 0}});
  CHECK(graph.gbps(0, 2) == 41.2);
  CHECK(graph.gbps(2, 0) == 41.2);
  CHECK(graph.gbps(1, 1) == 0);
  CHECK(graph.islands() == 3);
  CHECK(graph.island(2) == 0);
  CHECK(graph.island(3) == 1);  // a link of unknown speed
  CHECK_FALSE(graph.joined(1, 3));
  CHECK(graph.numa_groups() == 3);
  CHECK(graph.numa_group(3) == graph.numa_group(4));
  CHECK(graph.twin(4) == 3);
  CHECK(graph.twin(1) == 1);
}

TEST_CASE("a graph of a machine knows GPUs by position") {
  Machine machine;
  for (const int index : {1, 4, 6}) {
    machine.gpus.emplace_back().index = index;
    machine.gpus.back().numa = index / 4;
  }
  machine.links = {{.a = 1, .b = 6, .lanes = 2, .gbps = 50}};
  GpuInfo stranger;
  stranger.index = 9;
  const GpuGraph graph = GpuGraph::of(machine, {machine.gpus[2], stranger, machine.gpus[0]});
  CHECK(graph.size() == 3);
  CHECK(graph.gbps(0, 2) == 50);
  CHECK(graph.island(1) == 1);
  CHECK(graph.numa(0) == 1);
  CHECK(graph.numa(1) == std::nullopt);
  CHECK(GpuGraph::of(machine).gbps(0, 2) == 50);
}

TEST_CASE("MEMO-1, MEMO-2: a memo answers as pick_gpus() does, and stays within its bound") {
  std::mt19937_64 random(5);
  PickMemo memo(50);
  std::vector<std::shared_ptr<const GpuGraph>> graphs;
  for (const Shape& shape : {h100(), dgx1(), cpx(64)})
    graphs.push_back(std::make_shared<const GpuGraph>(shape.graph()));
  for (int i = 0; i < 300; ++i) {
    const auto& graph = graphs[i % 3];
    const std::vector<int> free = some_of(random, graph->size(), 8);
    const int k = static_cast<int>(random() % (free.size() + 2));
    const Pick* pick = memo.pick(graph, free, k);
    const std::optional<Pick> right = pick_gpus(*graph, free, k);
    REQUIRE((pick != nullptr) == right.has_value());
    if (pick != nullptr) CHECK(*pick == *right);
    CHECK(memo.size() <= 50);
  }
  const auto large = std::make_shared<const GpuGraph>(switched("large", 100, 50, 2).graph());
  const std::size_t before = memo.size();
  CHECK(*memo.pick(large, range(50, 100), 4) == *pick_gpus(*large, range(50, 100), 4));
  CHECK(memo.size() == before);
}

}  // namespace Atoll
