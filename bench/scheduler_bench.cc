// How long the head takes to decide, and how fast a node gives out grants.
//
//   make build/bench/scheduler_bench && build/bench/scheduler_bench
//
// One line a figure: the mean over a run of about half a second, after one of a
// tenth to warm up.

#include <chrono>
#include <cstdio>
#include <random>
#include <string>

#include "runtime/scheduler/cluster_view.h"
#include "runtime/scheduler/feasibility.h"
#include "runtime/scheduler/node_ledger.h"

namespace {

using namespace Atoll;

constexpr int kNodes = 10'000;
const Resources kEightGpus{.cpu = Fixed::whole(64), .gpu = Fixed::whole(8)};

template <typename Step>
void measure(const char* what, Step step) {
  using Clock = std::chrono::steady_clock;
  const auto mean_ns = [&step](double seconds) {
    const auto start = Clock::now();
    std::int64_t steps = 0;
    double elapsed = 0;
    do {
      for (int i = 0; i < 16; ++i) step();
      steps += 16;
      elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    } while (elapsed < seconds);
    return elapsed / static_cast<double>(steps) * 1e9;
  };
  mean_ns(0.1);
  std::printf("%-88s %10.3f us\n", what, mean_ns(0.5) / 1000);
}

NodeResources eight_gpu_node() {
  return node_of({.cpu = Fixed::whole(128), .gpu = Fixed::whole(8), .memory = 1ULL << 40});
}

// Every node but the last is full.
ClusterView full_but_the_last() {
  ClusterView view;
  for (int i = 0; i < kNodes; ++i)
    if (!view.add_node(NodeId(i), "n" + std::to_string(i), eight_gpu_node()).ok()) std::abort();
  view.place(kEightGpus, kNodes - 1);
  return view;
}

Resources shape_number(int i) { return {.cpu = Fixed::whole(1 + i), .gpu = Fixed::raw(2'500 * (i % 4))}; }

void measure_place(const char* what, Policy policy, std::size_t shapes) {
  ClusterView view = full_but_the_last();
  for (std::size_t i = 1; i < shapes; ++i) (void)view.feasible(shape_number(static_cast<int>(i)));
  measure(what, [&] {
    const auto placed = view.place(kEightGpus, 1, policy);
    if (placed.size() != 1) std::abort();
    view.cancel(placed[0].node, placed[0].reservation);
  });
}

void measure_strict_pack() {
  ClusterView view = full_but_the_last();
  const std::vector<Resources> bundles(8, {.cpu = Fixed::whole(8), .gpu = Fixed::whole(1)});
  measure("place + remove a STRICT_PACK group of 8 bundles of 1 GPU, 10,000 nodes x 8 GPUs", [&] {
    const auto candidates = view.nodes_fitting(needed_at_least(bundles), 1);
    if (candidates.size() != 1 || !pack_onto_node(view.find(candidates[0])->free, bundles)) std::abort();
    const auto reserved = view.reserve(candidates[0], bundles);
    view.cancel(candidates[0], *reserved);
  });
}

void measure_spread_group() {
  const std::vector<NodeResources> nodes(kNodes, eight_gpu_node());
  const std::vector<Resources> alike(1'000, kEightGpus);
  measure("strict_spread of 1,000 like bundles, 10,000 nodes", [&] {
    if (!strict_spread(nodes, alike)) std::abort();
  });
  std::vector<Resources> mixed = alike;
  for (int i = 0; i < 1'000; ++i) mixed[i] = shape_number(i % 32);
  measure("strict_spread of 1,000 bundles of 32 shapes, 10,000 nodes", [&] {
    if (!strict_spread(nodes, mixed)) std::abort();
  });
}

void measure_view() {
  ClusterView view = full_but_the_last();
  int i = 0;
  measure("first question of a new shape, 10,000 nodes", [&] {
    const Resources request{.cpu = Fixed::raw(1 + i++), .gpu = Fixed::whole(8)};
    (void)view.feasible(request);
  });
  measure("feasible() of a known shape", [&] {
    if (!view.feasible(kEightGpus)) std::abort();
  });
  std::uint64_t sequence = 0;
  NodeReport report;
  NodeResources half = eight_gpu_node();
  for (int gpus = 0; gpus < 4; ++gpus) take(half, {.gpu = Fixed::whole(1)});
  measure("report() that changes a node's free amounts, 64 known shapes", [&] {
    report.sequence = ++sequence;
    report.free = sequence % 2 ? half : eight_gpu_node();
    if (!view.report(NodeId(kNodes - 1), report).ok()) std::abort();
  });
  report.free = half;
  measure("report() that changes nothing", [&] {
    report.sequence = ++sequence;
    if (!view.report(NodeId(kNodes - 1), report).ok()) std::abort();
  });
}

void measure_ledger(const char* what, const Resources& request) {
  NodeLedger ledger(eight_gpu_node());
  measure(what, [&] {
    const auto grant = ledger.acquire(request);
    ledger.release(*grant);
  });
}

}  // namespace

int main() {
  measure_place("place() + cancel() one 8-GPU request, kPack, only the last of 10,000 nodes is free", Policy::kPack, 1);
  measure_place("the same with 64 known shapes", Policy::kPack, ClusterView::kMaxShapes);
  measure_place("the same with kSpread, 1 known shape", Policy::kSpread, 1);
  measure_strict_pack();
  measure_spread_group();
  measure_view();
  measure_ledger("ledger acquire + release, 1 CPU", {.cpu = Fixed::whole(1)});
  measure_ledger("ledger acquire + release, 1 CPU and half a GPU", {.cpu = Fixed::whole(1), .gpu = Fixed::raw(5'000)});
  measure_ledger("ledger acquire + release, 1 CPU and 8 GPUs", {.cpu = Fixed::whole(1), .gpu = Fixed::whole(8)});
}
