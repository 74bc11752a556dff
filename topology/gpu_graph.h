#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "topology/machine.h"

namespace Atoll {

// GPUs and the links between them, for questions that are asked often. GPUs are known by their position 0…size()-1,
// not by their index. A value: it never changes, and equal nodes may share one.
class GpuGraph {
 public:
  // By position: the GPUs' NUMA nodes; links whose a and b are positions. Several links of one pair add up. A link of
  // unknown speed (0 GB/s) still makes an island; one that no position or only one has is no link.
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
  double gbps(int a, int b) const { return to_gbps(mbps(a, b)); }
  // The same in MB/s, the unit in which it is kept: sums of it do not depend on their order. Below 10^12.
  std::int64_t mbps(int a, int b) const { return row(a)[b]; }
  const std::int64_t* row(int a) const { return mbps_.data() + static_cast<std::size_t>(a) * numa_.size(); }
  static double to_gbps(std::int64_t mbps) { return static_cast<double>(mbps) / 1000; }
  bool joined(int a, int b) const { return mbps(a, b) > 0; }
  // Islands are numbered from 0 by their lowest position.
  int island(int position) const { return island_[static_cast<std::size_t>(position)]; }
  int islands() const { return islands_; }
  std::optional<int> numa(int position) const { return numa_[static_cast<std::size_t>(position)]; }
  // NUMA nodes numbered from 0 in the order in which they appear; GPUs of which it is unknown share a number.
  int numa_group(int position) const { return numa_group_[static_cast<std::size_t>(position)]; }
  int numa_groups() const { return numa_groups_; }
  // Twins are on one NUMA node and joined alike to all other GPUs, so that no sum tells one from the other. The lowest
  // position of its twins.
  int twin(int position) const { return twin_[static_cast<std::size_t>(position)]; }

  friend bool operator==(const GpuGraph&, const GpuGraph&) = default;

 private:
  void number_islands(const std::vector<Wire>& wires);
  void number_numa();
  void find_twins();
  bool are_twins(int a, int b) const;

  std::vector<std::optional<int>> numa_;
  std::vector<std::int64_t> mbps_;  // size() × size()
  std::vector<int> island_, numa_group_, twin_;
  int islands_ = 0, numa_groups_ = 0;
};

}  // namespace Atoll
