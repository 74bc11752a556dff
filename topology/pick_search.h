#pragma once

#include <cstdint>
#include <vector>

#include "topology/gpu_graph.h"

namespace Atoll {

// Finds the best k GPUs of one or several pools by the last four rules of PICK-1: highest total inside, highest total
// left in the pool, fewest NUMA nodes, lowest positions.
//
// Depth first over the pool in ascending order, with before without, so that of equals the lowest comes first. It does
// not look at a GPU whose lower twin it left out, nor at sets that cannot reach the best total known.
class PickSearch {
 public:
  // It looks at no more than `steps` GPUs all in all; what it has then is the best of those sets, and of what a greedy
  // choice with exchanges finds, which it tries first where the pool is large. The graph must outlive this.
  PickSearch(const GpuGraph& graph, int k, std::int64_t steps);

  // `pool` holds at least k positions, ascending. Returns whether there are steps left for another.
  bool search(const std::vector<int>& pool);

  // Ascending; empty before the first search.
  const std::vector<int>& best() const { return best_; }
  std::int64_t best_inside() const { return best_score_.inside; }  // MB/s

 private:
  struct Score {
    std::int64_t inside = 0, left = 0;  // MB/s
    int numa = 0;
    friend bool operator==(const Score&, const Score&) = default;
  };
  static bool better(const Score& a, const Score& b);

  void load(const std::vector<int>& pool);
  void find_bounds();
  bool hopeless(int at) const;
  std::int64_t links_to_chosen(int at) const;
  void choose(int at, std::int64_t gain);
  void drop(int at, std::int64_t gain);
  void consider();
  void descend(int at);

  void try_greedy();
  void grow(int first, int second);
  bool exchange();
  void consider_members();

  const GpuGraph& graph_;
  const int k_;
  std::int64_t steps_;

  // The pool. Its GPUs are known by their place in it.
  int count_ = 0;
  std::vector<int> pool_;
  std::vector<const std::int64_t*> rows_;
  std::vector<std::int64_t> degree_;  // MB/s to the rest of the pool
  std::vector<int> twin_before_;      // the twin before it in the pool, or -1
  std::vector<int> last_twin_;        // by position in the graph; scratch
  std::int64_t total_ = 0;            // MB/s inside the pool
  // Bounds, of large pools only: the most that a GPU can add to twice the inside; the most that r GPUs from a place on
  // can, at [place × (k + 1) + r].
  bool bounded_ = false;
  std::vector<std::int64_t> most_, most_from_;

  // The set that is being built.
  std::vector<int> chosen_;  // positions
  std::vector<char> taken_;  // by place
  std::int64_t inside_ = 0, degrees_ = 0, most_of_chosen_ = 0;
  std::vector<int> in_numa_;  // how many of them, by NUMA group
  int numa_ = 0;

  std::vector<std::int64_t> gain_;  // MB/s to the greedy set, by place

  std::vector<int> best_;
  Score best_score_;
};

}  // namespace Atoll
