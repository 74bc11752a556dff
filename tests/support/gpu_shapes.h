#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "topology/gpu_graph.h"

namespace Atoll::Shapes {

// Machines that are sold, and some that only break, as graphs: of each the links in GB/s one way.
using Wires = std::vector<GpuGraph::Wire>;

struct Shape {
  std::string name;
  std::vector<std::optional<int>> numa;
  Wires wires;
  GpuGraph graph() const { return GpuGraph(numa, wires); }
};

// `count` GPUs over `nodes` NUMA nodes, in blocks.
inline std::vector<std::optional<int>> numa_blocks(int count, int nodes) {
  std::vector<std::optional<int>> numa;
  for (int i = 0; i < count; ++i) numa.emplace_back(i * nodes / count);
  return numa;
}

inline void join_all(Wires& wires, const std::vector<int>& gpus, double gbps) {
  for (std::size_t i = 0; i < gpus.size(); ++i)
    for (std::size_t j = i + 1; j < gpus.size(); ++j) wires.push_back({gpus[i], gpus[j], gbps});
}

inline std::vector<int> range(int from, int to) {
  std::vector<int> numbers;
  for (int i = from; i < to; ++i) numbers.push_back(i);
  return numbers;
}

// Every GPU joined to every other alike.
inline Shape switched(std::string name, int count, double gbps, int numa) {
  Shape shape{std::move(name), numa_blocks(count, numa), {}};
  join_all(shape.wires, range(0, count), gbps);
  return shape;
}

inline Shape h100() { return switched("HGX H100", 8, 450, 2); }
inline Shape dgx2() { return switched("DGX-2", 16, 150, 2); }
inline Shape mi300() { return switched("MI300X", 8, 64, 2); }
inline Shape tray() { return switched("GB200 tray", 4, 900, 2); }
inline Shape no_links() { return {"no links", numa_blocks(8, 2), {}}; }

// The hybrid cube mesh of the DGX-1 with V100: one or two links of 25 GB/s.
inline Shape dgx1() {
  Shape shape{"DGX-1", numa_blocks(8, 2), {}};
  for (const int base : {0, 4}) {
    for (const auto& [a, b] : {std::pair{0, 3}, {1, 2}, {2, 3}}) shape.wires.push_back({base + a, base + b, 50});
    for (const auto& [a, b] : {std::pair{0, 1}, {0, 2}, {1, 3}}) shape.wires.push_back({base + a, base + b, 25});
  }
  for (const int i : {0, 1}) shape.wires.push_back({i, i + 4, 50});
  for (const int i : {2, 3}) shape.wires.push_back({i, i + 4, 25});
  return shape;
}

// Bridges over neighbours: 0-1, 2-3, …
inline Shape pairs(int count) {
  Shape shape{"NV12 pairs", numa_blocks(count, 2), {}};
  for (int i = 0; i + 1 < count; i += 2) shape.wires.push_back({i, i + 1, 300});
  return shape;
}

// Eight dies on four boards: 4 links inside a board, 2 or 1 of 50 GB/s between boards.
inline Shape mi250() {
  Shape shape{"MI250X", numa_blocks(8, 4), {}};
  for (const int i : {0, 2, 4, 6}) shape.wires.push_back({i, i + 1, 200});
  for (const auto& [a, b] : {std::pair{0, 6}, {2, 4}, {1, 3}, {5, 7}}) shape.wires.push_back({a, b, 100});
  for (const auto& [a, b] : {std::pair{0, 2}, {4, 6}, {1, 5}, {3, 7}}) shape.wires.push_back({a, b, 50});
  return shape;
}

// Rings of four neighbours.
inline Shape four_rings(int rings) {
  Shape shape{"4-rings", numa_blocks(4 * rings, rings), {}};
  for (int base = 0; base < 4 * rings; base += 4)
    for (int i = 0; i < 4; ++i) shape.wires.push_back({base + i, base + (i + 1) % 4, 92});
  return shape;
}

// Two islands of four whose indices alternate.
inline Shape interleaved() {
  Shape shape{"interleaved islands", numa_blocks(8, 2), {}};
  join_all(shape.wires, {0, 2, 4, 6}, 200);
  join_all(shape.wires, {1, 3, 5, 7}, 200);
  return shape;
}

// Four pairs, one bridge of which has lost lanes.
inline Shape degraded_bridge() {
  Shape shape = pairs(8);
  shape.name = "a degraded bridge";
  shape.wires[1].gbps = 225;
  return shape;
}

inline Shape seven() {
  Shape shape = switched("seven GPUs", 7, 300, 2);
  shape.numa[5] = std::nullopt;
  return shape;
}

// Every pair joined with `density`, by one of four widths; NUMA nodes at random, some unknown.
inline Shape random_shape(std::mt19937_64& random, int count, double density) {
  Shape shape{"random graph of " + std::to_string(count), {}, {}};
  std::uniform_real_distribution<double> chance(0, 1);
  for (int i = 0; i < count; ++i) {
    const int numa = static_cast<int>(random() % 5);
    shape.numa.push_back(numa == 4 ? std::nullopt : std::optional<int>(2 * numa));
    for (int j = 0; j < i; ++j)
      if (chance(random) < density) shape.wires.push_back({j, i, 20.6 * static_cast<double>(1 + random() % 4)});
  }
  return shape;
}

// 64 partitions: eight to a GPU, joined well inside it and, each with its like, to the seven other GPUs.
inline Shape cpx(int count) {
  Shape shape{"CPX, " + std::to_string(count) + " partitions", numa_blocks(count, 2), {}};
  for (int i = 0; i < count; ++i)
    for (int j = i + 1; j < count; ++j)
      if (i / 8 == j / 8) {
        shape.wires.push_back({i, j, 800});
      } else if (i % 8 == j % 8) {
        shape.wires.push_back({i, j, 64});
      }
  return shape;
}

}  // namespace Atoll::Shapes
