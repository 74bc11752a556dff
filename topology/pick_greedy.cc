// The greedy half of PickSearch: a good set to begin with where a pool is large.

#include <algorithm>

#include "topology/pick_search.h"

namespace Atoll {

namespace {

constexpr std::int64_t kGreedyWork = 1 << 18;    // seeds × k × GPUs in the pool
constexpr std::int64_t kExchangeWork = 1 << 20;  // rounds of one seed × k × GPUs in the pool

}  // namespace

// From every pair where the work allows, else from each GPU that has no lower twin.
void PickSearch::try_greedy() {
  const std::int64_t work = static_cast<std::int64_t>(k_) * count_;
  std::int64_t seeds = std::max<std::int64_t>(1, kGreedyWork / work);
  const bool pairs = k_ > 2 && seeds >= static_cast<std::int64_t>(count_) * (count_ - 1) / 2;
  for (int first = 0; first < count_; ++first) {
    if (twin_before_[first] >= 0) continue;
    for (int second = pairs ? first + 1 : count_ - 1; second < count_ && seeds > 0; ++second, --seeds) {
      grow(first, pairs ? second : first);
      for (std::int64_t rounds = kExchangeWork / work; rounds > 0 && exchange();) --rounds;
      consider_members();
    }
  }
  std::fill(taken_.begin(), taken_.end(), 0);
}

// Adds, after those two, the GPU with the strongest links to the set; of equals the one that takes least from the rest,
// then the lowest.
void PickSearch::grow(int first, int second) {
  std::fill(taken_.begin(), taken_.end(), 0);
  gain_.assign(pool_.size(), 0);
  for (int size = 0, next = first; size < k_; ++size) {
    taken_[next] = 1;
    for (int i = 0; i < count_; ++i) gain_[i] += rows_[next][pool_[i]];
    next = second;
    for (int i = 0; i < count_; ++i) {
      if (taken_[i] || !taken_[second]) continue;
      if (taken_[next] || gain_[i] > gain_[next] || (gain_[i] == gain_[next] && degree_[i] < degree_[next])) next = i;
    }
  }
}

// Exchanges the one pair that adds most to the inside, or as much and leaves more; false if none does.
bool PickSearch::exchange() {
  std::int64_t most = 0, least_degree = 0;
  int out = -1, in = -1;
  for (int i = 0; i < count_; ++i) {
    if (!taken_[i]) continue;
    for (int j = 0; j < count_; ++j) {
      if (taken_[j]) continue;
      const std::int64_t more = gain_[j] - gain_[i] - rows_[i][pool_[j]], degree = degree_[j] - degree_[i];
      if (more < most || (more == most && degree >= least_degree)) continue;
      most = more;
      least_degree = degree;
      out = i;
      in = j;
    }
  }
  if (out < 0) return false;
  taken_[out] = 0;
  taken_[in] = 1;
  for (int i = 0; i < count_; ++i) gain_[i] += rows_[in][pool_[i]] - rows_[out][pool_[i]];
  return true;
}

void PickSearch::consider_members() {
  const std::vector<char> members = taken_;
  std::vector<std::pair<int, std::int64_t>> steps;
  for (int i = 0; i < count_; ++i) {
    if (!members[i]) continue;
    steps.emplace_back(i, links_to_chosen(i));
    choose(i, steps.back().second);
  }
  consider();
  for (; !steps.empty(); steps.pop_back()) drop(steps.back().first, steps.back().second);
}

}  // namespace Atoll
