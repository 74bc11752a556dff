#include "topology/pick_islands.h"

#include <algorithm>

namespace Atoll {

IslandPools::IslandPools(const GpuGraph& graph, const std::vector<int>& free, int k) : graph_(graph), free_(free) {
  group_by_island();
  touched_ = fewest_islands(k);
  sum_ = static_cast<int>(free_.size());
  if (touched_ == 1) {
    for (const Group& group : groups_)
      if (group.count >= k) sum_ = std::min(sum_, group.count);
  } else if (touched_ < static_cast<int>(groups_.size())) {
    find_sums();
    for (sum_ = k; !can_reach(0, touched_, sum_);) ++sum_;
  }
}

void IslandPools::group_by_island() {
  std::vector<int> number(static_cast<std::size_t>(graph_.islands()), -1);
  group_of_.reserve(free_.size());
  for (const int gpu : free_) {
    int& group = number[graph_.island(gpu)];
    if (group < 0) {
      group = static_cast<int>(groups_.size());
      groups_.emplace_back();
    }
    ++groups_[group].count;
    group_of_.push_back(group);
  }
  int first = 0;
  for (Group& group : groups_) {
    group.first = first;
    first += group.count;
  }
  members_.resize(free_.size());
  std::vector<int> filled(groups_.size(), 0);
  for (std::size_t i = 0; i < free_.size(); ++i)
    members_[groups_[group_of_[i]].first + filled[group_of_[i]]++] = free_[i];
}

int IslandPools::fewest_islands(int k) const {
  std::vector<int> counts;
  for (const Group& group : groups_) counts.push_back(group.count);
  std::sort(counts.rbegin(), counts.rend());
  int islands = 0;
  for (int sum = 0; sum < k; ++islands) sum += counts[islands];
  return islands;
}

// A pick from `high` would be as good from `low`, and lower.
bool IslandPools::alike(const Group& low, const Group& high) const {
  if (low.count != high.count) return false;
  const int *a = members_.data() + low.first, *b = members_.data() + high.first;
  for (int i = 0; i < low.count; ++i) {
    if (a[i] >= b[i] || graph_.numa_group(a[i]) != graph_.numa_group(b[i])) return false;
    for (int j = 0; j < i; ++j)
      if (graph_.mbps(a[i], a[j]) != graph_.mbps(b[i], b[j])) return false;
  }
  return true;
}

void IslandPools::find_alike() {
  for (std::size_t high = 1; high < groups_.size(); ++high)
    for (std::size_t low = high; low-- > 0 && groups_[high].like < 0;)
      if (alike(groups_[low], groups_[high])) groups_[high].like = static_cast<int>(low);
}

// From the last group to the first: with it, or without it.
void IslandPools::find_sums() {
  words_ = free_.size() / 64 + 1;
  const std::size_t row = static_cast<std::size_t>(touched_ + 1) * words_;
  sums_.assign((groups_.size() + 1) * row, 0);
  sums_[groups_.size() * row] = 1;
  for (std::size_t group = groups_.size(); group-- > 0;) {
    std::copy_n(&sums_[(group + 1) * row], row, &sums_[group * row]);
    const std::size_t skip = static_cast<std::size_t>(groups_[group].count) / 64;
    const unsigned shift = static_cast<unsigned>(groups_[group].count) % 64;
    for (int islands = 1; islands <= touched_; ++islands) {
      const std::uint64_t* from = &sums_[(group + 1) * row + static_cast<std::size_t>(islands - 1) * words_];
      std::uint64_t* to = &sums_[group * row + static_cast<std::size_t>(islands) * words_];
      for (std::size_t word = skip; word < words_; ++word) {
        to[word] |= from[word - skip] << shift;
        if (shift > 0 && word > skip) to[word] |= from[word - skip - 1] >> (64 - shift);
      }
    }
  }
}

bool IslandPools::can_reach(std::size_t group, int islands, int sum) const {
  if (islands < 0 || sum < 0) return false;
  const std::size_t at = (group * static_cast<std::size_t>(touched_ + 1) + static_cast<std::size_t>(islands)) * words_;
  return sums_[at + static_cast<std::size_t>(sum) / 64] >> (sum % 64) & 1;
}

bool IslandPools::visit_pool() {
  pool_.clear();
  for (std::size_t i = 0; i < free_.size(); ++i)
    if (groups_[group_of_[i]].taken) pool_.push_back(free_[i]);
  return (*visit_)(pool_);
}

bool IslandPools::descend(std::size_t group, int islands, int sum) {
  if (islands == 0) return visit_pool();
  --steps_;
  Group& here = groups_[group];
  if ((here.like < 0 || groups_[here.like].taken) && can_reach(group + 1, islands - 1, sum - here.count)) {
    here.taken = true;
    const bool go_on = descend(group + 1, islands - 1, sum - here.count);
    here.taken = false;
    if (!go_on || steps_ <= 0) return false;
  }
  return !can_reach(group + 1, islands, sum) || descend(group + 1, islands, sum);
}

// With before without: the first choice needs no step back.
void IslandPools::for_each(std::int64_t steps, const std::function<bool(const std::vector<int>&)>& visit) {
  visit_ = &visit;
  steps_ = steps;
  if (touched_ == static_cast<int>(groups_.size())) {
    visit(free_);
    return;
  }
  find_alike();
  if (touched_ > 1) {
    descend(0, touched_, sum_);
    return;
  }
  for (Group& group : groups_) {
    if (group.count != sum_ || group.like >= 0) continue;
    pool_.assign(members_.begin() + group.first, members_.begin() + group.first + group.count);
    if (!visit(pool_)) return;
  }
}

}  // namespace Atoll
