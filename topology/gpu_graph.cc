#include "topology/gpu_graph.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

namespace Atoll {

namespace {

constexpr double kMostGbps = 1e9;

std::int64_t to_mbps(double gbps) {
  return gbps > 0 ? std::llround(std::min(gbps, kMostGbps) * 1000) : 0;  // NaN is not above 0
}

int find_root(std::vector<int>& parent, int at) {
  while (parent[at] != at) at = parent[at] = parent[parent[at]];
  return at;
}

bool is_link(const GpuGraph::Wire& wire, int size) {
  return wire.a != wire.b && wire.a >= 0 && wire.b >= 0 && wire.a < size && wire.b < size;
}

}  // namespace

GpuGraph::GpuGraph(std::vector<std::optional<int>> numa, const std::vector<Wire>& wires)
    : numa_(std::move(numa)), mbps_(numa_.size() * numa_.size()) {
  for (const Wire& wire : wires) {
    if (!is_link(wire, size())) continue;
    const std::int64_t more = std::min(mbps(wire.a, wire.b) + to_mbps(wire.gbps), to_mbps(kMostGbps));
    mbps_[static_cast<std::size_t>(wire.a) * numa_.size() + static_cast<std::size_t>(wire.b)] = more;
    mbps_[static_cast<std::size_t>(wire.b) * numa_.size() + static_cast<std::size_t>(wire.a)] = more;
  }
  number_islands(wires);
  number_numa();
  find_twins();
}

GpuGraph GpuGraph::of(const Machine& machine, const std::vector<GpuInfo>& gpus) {
  std::vector<std::optional<int>> numa;
  std::map<int, int> positions;
  for (const GpuInfo& gpu : gpus) {
    if (find_gpu(machine, gpu.index) != nullptr) positions.emplace(gpu.index, static_cast<int>(numa.size()));
    numa.push_back(gpu.numa);
  }
  std::vector<Wire> wires;
  for (const Link& link : machine.links) {
    const auto a = positions.find(link.a), b = positions.find(link.b);
    if (a != positions.end() && b != positions.end()) wires.push_back({a->second, b->second, link.gbps});
  }
  return GpuGraph(std::move(numa), wires);
}

// Roots are lowest positions, so that numbers follow them.
void GpuGraph::number_islands(const std::vector<Wire>& wires) {
  std::vector<int> parent(numa_.size());
  std::iota(parent.begin(), parent.end(), 0);
  for (const Wire& wire : wires) {
    if (!is_link(wire, size())) continue;
    const int a = find_root(parent, wire.a), b = find_root(parent, wire.b);
    parent[std::max(a, b)] = std::min(a, b);
  }
  island_.resize(numa_.size());
  for (int i = 0; i < size(); ++i) {
    const int root = find_root(parent, i);
    island_[i] = root == i ? islands_++ : island_[root];
  }
}

void GpuGraph::number_numa() {
  std::map<std::optional<int>, int> numbers;
  for (const auto& numa : numa_)
    numa_group_.push_back(numbers.emplace(numa, static_cast<int>(numbers.size())).first->second);
  numa_groups_ = static_cast<int>(numbers.size());
}

// Being twins is transitive, so one of each kind is enough to compare with.
void GpuGraph::find_twins() {
  std::vector<int> kinds;
  for (int i = 0; i < size(); ++i) {
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](int other) { return are_twins(other, i); });
    twin_.push_back(kind == kinds.end() ? i : *kind);
    if (kind == kinds.end()) kinds.push_back(i);
  }
}

bool GpuGraph::are_twins(int a, int b) const {
  if (numa_group(a) != numa_group(b)) return false;
  for (int other = 0; other < size(); ++other)
    if (other != a && other != b && mbps(a, other) != mbps(b, other)) return false;
  return true;
}

}  // namespace Atoll
