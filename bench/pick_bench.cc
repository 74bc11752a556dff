// How long it takes to pick and order GPUs of one node.
//
//   make build/bench/pick_bench && build/bench/pick_bench
//
// "every k" is the mean over all k from 1 to the number of GPUs, all of them free. At the end of a line stands the
// goal: of up to 8 GPUs 20 us, which is what the whole of placing a group may take; of more "about a millisecond"
// (PICK-2).

#include "config.h"

#if HAVE_BENCHMARK

#include <benchmark/benchmark.h>

#include <random>

#include "tests/support/gpu_shapes.h"
#include "topology/pick.h"
#include "topology/pick_memo.h"

namespace {

using namespace Atoll;
using Shapes::Shape;

void say_goal(benchmark::State& state, const GpuGraph& graph) {
  state.SetLabel(graph.size() <= 8 ? "goal: 20 us" : "goal: 1000 us");
}

void pick_every_k(benchmark::State& state, const Shape& shape) {
  const GpuGraph graph = shape.graph();
  const std::vector<int> all = Shapes::range(0, graph.size());
  int k = 0;
  for (auto _ : state) {
    k = k % graph.size() + 1;
    benchmark::DoNotOptimize(pick_gpus(graph, all, k));
  }
  say_goal(state, graph);
}

void pick_one_k(benchmark::State& state, const Shape& shape) {
  const GpuGraph graph = shape.graph();
  const std::vector<int> all = Shapes::range(0, graph.size());
  for (auto _ : state) benchmark::DoNotOptimize(pick_gpus(graph, all, static_cast<int>(state.range(0))));
  say_goal(state, graph);
}

void pick_from_fragments(benchmark::State& state, const Shape& shape) {
  const GpuGraph graph = shape.graph();
  std::mt19937_64 random(1);
  std::vector<std::vector<int>> frees(64);
  for (auto& free : frees)
    while (free.empty())
      for (int i = 0; i < graph.size(); ++i)
        if (random() % 2) free.push_back(i);
  std::size_t i = 0;
  for (auto _ : state) {
    const std::vector<int>& free = frees[++i % frees.size()];
    benchmark::DoNotOptimize(pick_gpus(graph, free, 1 + static_cast<int>(i % free.size())));
  }
  say_goal(state, graph);
}

void order_all(benchmark::State& state, const Shape& shape) {
  const GpuGraph graph = shape.graph();
  const std::vector<int> all = Shapes::range(0, graph.size());
  for (auto _ : state) benchmark::DoNotOptimize(order_gpus(graph, all));
  say_goal(state, graph);
}

void remember(benchmark::State& state, const Shape& shape) {
  const auto graph = std::make_shared<const GpuGraph>(shape.graph());
  PickMemo memo;
  for (auto _ : state) benchmark::DoNotOptimize(memo.pick(graph, 0xfeULL, 4));
}

void build_graph(benchmark::State& state, const Shape& shape) {
  for (auto _ : state) benchmark::DoNotOptimize(shape.graph());
}

Shape random_of(int count) {
  std::mt19937_64 random(count);
  Shape shape = Shapes::random_shape(random, count, 0.6);
  shape.name = "random " + std::to_string(count);
  return shape;
}

void add_benchmarks() {
  using namespace Shapes;
  for (const Shape& shape : {h100(), dgx1(), mi250(), pairs(8), no_links(), interleaved(), random_of(8), dgx2(),
                             random_of(16), cpx(24), cpx(64), random_of(24), random_of(64)}) {
    const auto add = [&shape](const char* what, auto run) {
      return benchmark::RegisterBenchmark((what + (" " + shape.name)).c_str(), run, shape)
          ->Unit(benchmark::kMicrosecond)
          ->MinTime(0.05);
    };
    add("pick, every k,", pick_every_k);
    add("pick, half the GPUs,", pick_one_k)->Arg(static_cast<int>(shape.numa.size()) / 2);
    add("pick, all GPUs,", pick_one_k)->Arg(static_cast<int>(shape.numa.size()));
    add("pick, random free sets,", pick_from_fragments);
    add("order,", order_all);
  }
  benchmark::RegisterBenchmark("memo, known", remember, h100())->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("build the graph of HGX H100", build_graph, h100())->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  add_benchmarks();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}

#else

#include <cstdio>

int main() { std::puts("built without Google Benchmark"); }

#endif
