// How long the head takes to place a group, and how that grows with the cluster.
//
//   make build/bench/placement_bench && build/bench/placement_bench
//
// A line a kind of group: microseconds for GroupPlanner::place() and the cancelling of its reservations, the mean over
// a run of 40 ms, the best of five, on clusters of 100, 1,000 and 10,000 nodes of 8 GPUs; first empty, then with 90 %
// of the GPUs taken: 5 % of the nodes are free, 10 % have 4 GPUs free at random, the others none. Then how much it
// grows from 100 to 10,000 nodes, beside the goals: 20 us for 8 GPUs on one node, and growth below 2.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>

#include "runtime/scheduler/group_planner.h"

namespace {

using namespace Atoll;
using Clock = std::chrono::steady_clock;

constexpr int kSizes[] = {100, 1'000, 10'000};
constexpr double kGoal = 20, kGrowth = 2;

// Islands of `size` GPUs, 8 in all; 32 nodes a leaf switch, 16 a fabric domain.
NodePlace place_of(int node, int size) {
  static const auto graph_of = [](int island) {
    std::vector<GpuGraph::Wire> wires;
    for (int a = 0; a < 8; ++a)
      for (int b = a + 1; b < 8; ++b)
        if (a / island == b / island) wires.push_back({a, b, 450});
    std::vector<std::optional<int>> numa;
    for (int gpu = 0; gpu < 8; ++gpu) numa.push_back(gpu / 4);
    return std::make_shared<GpuGraph>(numa, wires);
  };
  static const std::shared_ptr<const GpuGraph> one = graph_of(8), two = graph_of(4);
  return {.graph = size == 8 ? one : two,
          .fabric = "f" + std::to_string(node / 16),
          .switches = {"top", "s" + std::to_string(node / 32)},
          .labels = {}};
}

void take_gpus(ClusterView& view, NodeId id, std::vector<int> gpus) {
  BundleShares shares(1);
  for (const int gpu : gpus) shares[0].push_back({gpu, Fixed::whole(1)});
  if (!view.reserve(id, {{.gpu = Fixed::whole(std::ssize(gpus))}}, shares)) std::abort();
}

void fill(ClusterView& view, int nodes, bool full) {
  std::mt19937 random(1);
  std::vector<int> order(static_cast<std::size_t>(nodes));
  for (int i = 0; i < nodes; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  for (int i = 0; i < nodes; ++i) {
    const NodeId id{static_cast<std::uint32_t>(i)};
    const NodeResources total =
        node_of({.cpu = Fixed::whole(128), .gpu = Fixed::whole(8), .memory = std::uint64_t{1} << 40});
    if (!view.add_node(id, "n" + std::to_string(i), total, place_of(i, i % 2 ? 8 : 4)).ok()) std::abort();
  }
  for (int i = nodes / 20; full && i < nodes; ++i) {
    std::vector<int> gpus = {0, 1, 2, 3, 4, 5, 6, 7};
    std::shuffle(gpus.begin(), gpus.end(), random);
    if (i < nodes * 3 / 20) gpus.resize(4);
    take_gpus(view, NodeId{static_cast<std::uint32_t>(order[i])}, gpus);
  }
}

double mean_us(int nodes, bool full, const GroupRequest& request) {
  ClusterView view;
  fill(view, nodes, full);
  GroupPlanner planner(view);
  GroupPlan plan;
  const auto step = [&] {
    if (planner.place(request, plan) != GroupVerdict::kPlaced) std::abort();
    for (const auto& [node, reservation] : plan.reservations) view.cancel(node, reservation);
  };
  step();
  double best = 1e9;
  for (int run = 0; run < 5; ++run) {
    const auto start = Clock::now();
    std::int64_t steps = 0;
    double seconds = 0;
    while (seconds < 0.04) {
      for (int i = 0; i < 4; ++i, ++steps) step();
      seconds = std::chrono::duration<double>(Clock::now() - start).count();
    }
    best = std::min(best, seconds / static_cast<double>(steps) * 1e6);
  }
  return best;
}

// Groups of 8 GPUs one after the other until the cluster is full.
double fill_us(int nodes) {
  ClusterView view;
  fill(view, nodes, false);
  GroupPlanner planner(view);
  GroupPlan plan;
  const GroupRequest request{
      .strategy = Strategy::kStrictPack, .bundles = std::vector<Resources>(8, {.gpu = Fixed::whole(1)}), .labels = {}};
  const auto start = Clock::now();
  for (int i = 0; i < nodes; ++i)
    if (planner.place(request, plan) != GroupVerdict::kPlaced) std::abort();
  return std::chrono::duration<double>(Clock::now() - start).count() / nodes * 1e6;
}

void print_row(const char* what, const char* state, const double (&us)[3], bool has_goal) {
  std::printf("%-52s %-10s %9.2f %9.2f %9.2f   x%.2f", what, state, us[0], us[1], us[2], us[2] / us[0]);
  if (has_goal)
    std::printf("   %s %.0f us, %s x%.0f", us[2] <= kGoal ? "<=" : "above", kGoal,
                us[2] < kGrowth * us[0] ? "below" : "above", kGrowth);
  std::printf("\n");
}

void measure(const char* what, const GroupRequest& request, bool has_goal) {
  for (const bool full : {false, true}) {
    double us[3];
    for (int i = 0; i < 3; ++i) us[i] = mean_us(kSizes[i], full, request);
    print_row(what, full ? "90 % full" : "empty", us, has_goal);
  }
}

GroupRequest group(Strategy strategy, int count, int gpus, Level within = Level::kCluster, std::uint32_t segment = 0) {
  return {.strategy = strategy,
          .within = within,
          .segment = segment,
          .bundles = std::vector<Resources>(count, {.cpu = Fixed::whole(gpus), .gpu = Fixed::whole(gpus)}),
          .labels = {}};
}

}  // namespace

int main() {
  std::printf("%-52s %-10s %9s %9s %9s   growth\n", "us per group placed and removed, nodes of 8 GPUs", "cluster",
              "100", "1,000", "10,000");
  measure("STRICT_PACK, 8 bundles of 1 GPU", group(Strategy::kStrictPack, 8, 1), true);
  measure("STRICT_PACK, 1 bundle of 8 GPUs", group(Strategy::kStrictPack, 1, 8), true);
  measure("PACK within(island), 4 bundles of 1 GPU", group(Strategy::kPack, 4, 1, Level::kIsland), true);
  double us[3];
  for (int i = 0; i < 3; ++i) us[i] = fill_us(kSizes[i]);
  print_row("STRICT_PACK, 8 bundles of 1 GPU, until all is full", "filling", us, true);
  measure("STRICT_SPREAD, 4 bundles of 8 GPUs", group(Strategy::kStrictSpread, 4, 8), false);
  measure("SPREAD, 4 bundles of 8 GPUs", group(Strategy::kSpread, 4, 8), false);
  measure("PACK, 32 bundles of 1 GPU on 4 nodes", group(Strategy::kPack, 32, 1), false);
  measure("PACK, segments of 2 nodes, 4 bundles of 8 GPUs", group(Strategy::kPack, 4, 8, Level::kSwitch, 2), false);
}
