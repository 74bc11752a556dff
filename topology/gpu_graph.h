#pragma once

#include <optional>
#include <vector>

#include "topology/machine.h"

namespace Atoll {

// GPUs and the links between them, for questions that are asked often. GPUs are known by their position 0…size()-1,
// not by their index. A value: it never changes, and equal nodes may share one.
class GpuGraph {
 public:
  // By position: the GPUs' NUMA nodes; links whose a and b are positions.
  struct Wire {
    int a = 0, b = 0;
    double gbps = 0;
    friend bool operator==(const Wire&, const Wire&) = default;
  };
  GpuGraph(std::vector<std::optional<int>> numa, const std::vector<Wire>& wires);

  // Position i is gpus[i]. A GPU that the machine does not know stands alone.
  static GpuGraph of(const Machine& machine, const std::vector<GpuInfo>& gpus);
  static GpuGraph of(const Machine& machine) { return of(machine, machine.gpus); }

  int size() const { return static_cast<int>(numa_.size()); }
  // GB/s between two of them, 0 without a link (and of a GPU with itself).
  double gbps(int a, int b) const { return gbps_[static_cast<std::size_t>(a * size() + b)]; }
  bool joined(int a, int b) const { return gbps(a, b) > 0; }
  // Islands are numbered from 0 by their lowest position.
  int island(int position) const { return island_[static_cast<std::size_t>(position)]; }
  int islands() const { return islands_; }
  std::optional<int> numa(int position) const { return numa_[static_cast<std::size_t>(position)]; }

  friend bool operator==(const GpuGraph&, const GpuGraph&) = default;

 private:
  std::vector<std::optional<int>> numa_;
  std::vector<double> gbps_;  // size() × size()
  std::vector<int> island_;
  int islands_ = 0;
};

}  // namespace Atoll
