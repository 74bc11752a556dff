#pragma once

#include <bit>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/support/gpu_shapes.h"
#include "topology/gpu_graph.h"

// What the churn simulator is about: nodes of several makes, and a stream of groups that come and go.
namespace Atoll::Churn {

// Free GPUs of a node, by position. No node has more than eight.
using Mask = std::uint8_t;
inline constexpr int kMostGpus = 8;

struct Make {
  std::string name;
  GpuGraph graph;
  std::vector<Mask> islands;
  double share;  // of the nodes
  int gpus() const { return graph.size(); }
  Mask all() const { return static_cast<Mask>((1U << gpus()) - 1); }
};

inline Make make_of(const Shapes::Shape& shape, double share) {
  Make make{shape.name, shape.graph(), {}, share};
  make.islands.resize(static_cast<std::size_t>(make.graph.islands()));
  for (int i = 0; i < make.gpus(); ++i)
    make.islands[static_cast<std::size_t>(make.graph.island(i))] |= static_cast<Mask>(1U << i);
  return make;
}

inline std::vector<Make> makes() {
  return {make_of(Shapes::h100(), 0.30), make_of(Shapes::dgx1(), 0.20), make_of(Shapes::pairs(8), 0.20),
          make_of(Shapes::mi250(), 0.15), make_of(Shapes::tray(), 0.15)};
}

inline std::vector<int> positions(Mask mask) {
  std::vector<int> result;
  for (unsigned bits = mask; bits != 0; bits &= bits - 1) result.push_back(std::countr_zero(bits));
  return result;
}

// In MB/s.
inline std::int64_t total_inside(const GpuGraph& graph, Mask mask) {
  std::int64_t sum = 0;
  for (const int a : positions(mask))
    for (const int b : positions(mask)) sum += a < b ? graph.mbps(a, b) : 0;
  return sum;
}

inline int islands_touched(const Make& make, Mask mask) {
  int count = 0;
  for (const Mask island : make.islands) count += (island & mask) != 0;
  return count;
}

// A group: one node, `gpus` GPUs, from `arrival` on for `duration`.
struct Group {
  double arrival = 0, duration = 0;
  int gpus = 0;
  bool sensitive = false;  // to bandwidth, as MAPA's users say of their jobs
};

// Sizes as clusters see them: many of one, powers of two, few others.
inline int draw_size(std::mt19937_64& random) {
  static constexpr double kWeights[] = {0, 0.32, 0.20, 0.04, 0.20, 0.02, 0.04, 0, 0.18};
  std::discrete_distribution<int> sizes(std::begin(kWeights), std::end(kWeights));
  return sizes(random);
}

// Arrivals are Poisson, durations log-normal with mean 1; `load` is the offered GPU time over that of the cluster.
inline std::vector<Group> draw_stream(std::uint64_t seed, std::size_t groups, double load, std::int64_t cluster_gpus) {
  constexpr double kMeanSize = 0.32 + 2 * 0.20 + 3 * 0.04 + 4 * 0.20 + 5 * 0.02 + 6 * 0.04 + 8 * 0.18;
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> gap(load * static_cast<double>(cluster_gpus) / kMeanSize);
  std::lognormal_distribution<double> duration(-0.5, 1);
  std::vector<Group> stream;
  double now = 0;
  for (std::size_t i = 0; i < groups; ++i) {
    now += gap(random);
    const int size = draw_size(random);
    stream.push_back({now, duration(random), size, size > 1 && random() % 10 < 7});
  }
  return stream;
}

}  // namespace Atoll::Churn
