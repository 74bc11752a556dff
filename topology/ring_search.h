#pragma once

#include <cstdint>
#include <vector>

#include "topology/gpu_graph.h"

namespace Atoll {

// Finds rings through given GPUs that use strong links only.
class RingSearch {
 public:
  // Up to so many GPUs the answer is exact: by dynamic programming over subsets (Held and Karp, 1962), in 2^(n-1)
  // steps.
  static constexpr std::size_t kExact = 16;

  // `gpus`: three or more positions, ascending. The graph must outlive this.
  RingSearch(const GpuGraph& graph, const std::vector<int>& gpus) : graph_(graph), gpus_(gpus) {}

  // A ring whose links all have at least `least` MB/s, from the lowest position on; of several the lexicographically
  // lowest. Empty if there is none. Above kExact GPUs it looks at a bounded number of paths, so that it may miss one,
  // or return one that is not the lowest.
  std::vector<int> find(std::int64_t least);

 private:
  bool linked(std::size_t a, std::size_t b) const { return links_[a * gpus_.size() + b] != 0; }
  void load(std::int64_t least);
  std::vector<int> find_exactly();
  std::vector<int> find_by_paths(bool scarce_first);
  bool extend(bool scarce_first);
  void visit(std::size_t place);
  void leave();
  std::vector<int> positions_of_path() const;

  const GpuGraph& graph_;
  const std::vector<int> gpus_;
  std::vector<char> links_;             // strong enough, by place in gpus_ × place
  std::vector<std::uint16_t> on_from_;  // by set of places visited: where one may stand and still close the ring
  std::vector<std::size_t> path_;
  std::vector<char> visited_;
  std::vector<int> ways_on_;  // from a place to others that are not visited
  int steps_ = 0;
};

}  // namespace Atoll
