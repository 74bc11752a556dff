#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "topology/gpu_graph.h"

namespace Atoll {

// Which islands a pick may touch: the first two of PICK-1, fewest islands and then fewest free GPUs in them. Both are
// settled here exactly, for any number of GPUs; every pick of k GPUs out of such a pool touches all its islands, since
// fewer could not hold k.
class IslandPools {
 public:
  // k is from 1 to free.size(). The graph must outlive this.
  IslandPools(const GpuGraph& graph, const std::vector<int>& free, int k);

  // How many islands are touched.
  int islands() const { return touched_; }

  // Calls `visit` with the free GPUs (ascending) of one choice of islands after the other, until it returns false.
  // Of islands that look alike only the lowest are tried. It looks at islands `steps` times at most, but always far
  // enough for the first choice.
  void for_each(std::int64_t steps, const std::function<bool(const std::vector<int>&)>& visit);

 private:
  struct Group {
    int first = 0;  // of its GPUs in members_
    int count = 0;  // free GPUs
    int like = -1;  // the last island before this that is alike and lower, position by position
    bool taken = false;
  };

  void group_by_island();
  void find_alike();
  bool alike(const Group& low, const Group& high) const;
  int fewest_islands(int k) const;
  void find_sums();
  bool can_reach(std::size_t group, int islands, int sum) const;
  bool descend(std::size_t group, int islands, int sum);
  bool visit_pool();

  const GpuGraph& graph_;
  const std::vector<int>& free_;
  int touched_ = 0;
  int sum_ = 0;  // free GPUs in the touched islands
  std::vector<Group> groups_;
  std::vector<int> members_;   // the free GPUs, by group
  std::vector<int> group_of_;  // by free GPU
  std::size_t words_ = 0;
  std::vector<std::uint64_t> sums_;  // bit s of [group][islands]: so many of the groups from this on have s GPUs
  std::vector<int> pool_;
  std::int64_t steps_ = 0;
  const std::function<bool(const std::vector<int>&)>* visit_ = nullptr;
};

}  // namespace Atoll
