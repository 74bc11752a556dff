#include "topology/pick_search.h"

#include <algorithm>
#include <functional>

namespace Atoll {

namespace {

constexpr int kBoundedFrom = 11;  // GPUs in a pool; below, bounds cost more than they save
constexpr int kGreedyFrom = 17;

}  // namespace

PickSearch::PickSearch(const GpuGraph& graph, int k, std::int64_t steps)
    : graph_(graph),
      k_(k),
      steps_(steps),
      last_twin_(static_cast<std::size_t>(graph.size()), -1),
      in_numa_(static_cast<std::size_t>(graph.numa_groups()), 0) {
  chosen_.reserve(static_cast<std::size_t>(k));
  best_.reserve(static_cast<std::size_t>(k));
}

bool PickSearch::better(const Score& a, const Score& b) {
  if (a.inside != b.inside) return a.inside > b.inside;
  if (a.left != b.left) return a.left > b.left;
  return a.numa < b.numa;
}

bool PickSearch::search(const std::vector<int>& pool) {
  load(pool);
  bounded_ = count_ >= kBoundedFrom && count_ > k_;
  if (bounded_) find_bounds();
  if (count_ >= kGreedyFrom && count_ > k_) try_greedy();
  descend(0);
  return steps_ > 0;
}

void PickSearch::load(const std::vector<int>& pool) {
  count_ = static_cast<int>(pool.size());
  pool_ = pool;
  rows_.resize(pool.size());
  degree_.assign(pool.size(), 0);
  twin_before_.resize(pool.size());
  taken_.assign(pool.size(), 0);
  total_ = 0;
  for (int i = 0; i < count_; ++i) {
    rows_[i] = graph_.row(pool_[i]);
    for (const int other : pool_) degree_[i] += rows_[i][other];
    total_ += degree_[i];
    int& last = last_twin_[graph_.twin(pool_[i])];
    twin_before_[i] = last;
    last = i;
  }
  total_ /= 2;
  for (const int gpu : pool_) last_twin_[graph_.twin(gpu)] = -1;
}

// Twice the inside of a set is the sum, over its GPUs, of their links to the others: each at most its k - 1 strongest.
void PickSearch::find_bounds() {
  const std::size_t width = static_cast<std::size_t>(k_) + 1;
  std::vector<std::int64_t> links(pool_.size()), strongest;
  most_.resize(pool_.size());
  most_from_.assign((pool_.size() + 1) * width, 0);
  strongest.reserve(pool_.size());
  for (int i = count_; i-- > 0;) {
    for (int j = 0; j < count_; ++j) links[j] = rows_[i][pool_[j]];
    std::nth_element(links.begin(), links.begin() + (k_ - 1), links.end(), std::greater<>());
    most_[i] = 0;
    for (int j = 0; j + 1 < k_; ++j) most_[i] += links[j];
    strongest.insert(std::upper_bound(strongest.begin(), strongest.end(), most_[i], std::greater<>()), most_[i]);
    std::int64_t* sum = &most_from_[static_cast<std::size_t>(i) * width];
    for (std::size_t r = 0; r + 1 < width; ++r) sum[r + 1] = sum[r] + (r < strongest.size() ? strongest[r] : 0);
  }
}

bool PickSearch::hopeless(int at) const {
  if (!bounded_ || best_.empty()) return false;
  const std::size_t open = static_cast<std::size_t>(k_) - chosen_.size();
  const std::int64_t more = most_from_[static_cast<std::size_t>(at) * (static_cast<std::size_t>(k_) + 1) + open];
  return most_of_chosen_ + more < 2 * best_score_.inside;
}

std::int64_t PickSearch::links_to_chosen(int at) const {
  std::int64_t sum = 0;
  for (const int gpu : chosen_) sum += rows_[at][gpu];
  return sum;
}

void PickSearch::choose(int at, std::int64_t gain) {
  chosen_.push_back(pool_[at]);
  taken_[at] = 1;
  inside_ += gain;
  degrees_ += degree_[at];
  if (bounded_) most_of_chosen_ += most_[at];
  if (++in_numa_[graph_.numa_group(pool_[at])] == 1) ++numa_;
}

void PickSearch::drop(int at, std::int64_t gain) {
  chosen_.pop_back();
  taken_[at] = 0;
  inside_ -= gain;
  degrees_ -= degree_[at];
  if (bounded_) most_of_chosen_ -= most_[at];
  if (--in_numa_[graph_.numa_group(pool_[at])] == 0) --numa_;
}

// What is left joined is all but what touches the set: the total without the set's degrees, which count its inside
// twice.
void PickSearch::consider() {
  const Score score = {inside_, total_ - degrees_ + inside_, numa_};
  const bool lower = score == best_score_ && chosen_ < best_;
  if (!best_.empty() && !lower && !better(score, best_score_)) return;
  best_ = chosen_;
  best_score_ = score;
}

void PickSearch::descend(int at) {
  const int open = k_ - static_cast<int>(chosen_.size());
  if (open == 0) return consider();
  if (count_ - at < open || hopeless(at) || steps_ <= 0) return;
  --steps_;
  if (twin_before_[at] < 0 || taken_[twin_before_[at]]) {
    const std::int64_t gain = links_to_chosen(at);
    choose(at, gain);
    descend(at + 1);
    drop(at, gain);
  }
  descend(at + 1);
}

}  // namespace Atoll
