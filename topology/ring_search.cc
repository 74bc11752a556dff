#include "topology/ring_search.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace Atoll {

namespace {

constexpr int kSteps = 4'000;  // places tried, above kExact

}  // namespace

std::vector<int> RingSearch::find(std::int64_t least) {
  load(least);
  if (gpus_.size() <= kExact) return find_exactly();
  std::vector<int> ring = find_by_paths(false);
  return ring.empty() ? find_by_paths(true) : ring;
}

void RingSearch::load(std::int64_t least) {
  links_.resize(gpus_.size() * gpus_.size());
  for (std::size_t a = 0; a < gpus_.size(); ++a)
    for (std::size_t b = 0; b < gpus_.size(); ++b)
      links_[a * gpus_.size() + b] = a != b && graph_.mbps(gpus_[a], gpus_[b]) >= least;
}

// The ring starts at place 0; sets are of the other places, place i at bit i - 1. One stands on a place of the set of
// those visited, and goes on to the lowest place from which the ring can still be closed.
std::vector<int> RingSearch::find_exactly() {
  const unsigned others = static_cast<unsigned>(gpus_.size()) - 1, all = (1U << others) - 1;
  std::vector<std::uint16_t> links(gpus_.size(), 0);
  for (std::size_t a = 0; a < gpus_.size(); ++a)
    for (unsigned b = 0; b < others; ++b)
      if (linked(a, b + 1)) links[a] = static_cast<std::uint16_t>(links[a] | 1U << b);

  on_from_.assign(all + 1, 0);
  on_from_[all] = links[0];
  for (unsigned visited = all; visited-- > 1;) {
    unsigned next = 0, standing = 0;
    for (unsigned open = all & ~visited; open != 0; open &= open - 1)
      if (on_from_[visited | (open & -open)] & open & -open) next |= open & -open;
    for (unsigned left = visited; left != 0; left &= left - 1)
      if (links[std::countr_zero(left) + 1] & next) standing |= left & -left;
    on_from_[visited] = static_cast<std::uint16_t>(standing);
  }

  std::vector<int> ring = {gpus_[0]};
  for (unsigned visited = 0, at = 0; visited != all;) {
    unsigned next = links[at] & ~visited;
    while (next != 0 && !(on_from_[visited | (next & -next)] & next & -next)) next &= next - 1;
    if (next == 0) return {};
    visited |= next & -next;
    at = static_cast<unsigned>(std::countr_zero(next)) + 1;
    ring.push_back(gpus_[at]);
  }
  return ring;
}

// Depth first from the lowest place; the next place is the lowest, or the one with the fewest ways on (Warnsdorff).
std::vector<int> RingSearch::find_by_paths(bool scarce_first) {
  visited_.assign(gpus_.size(), 0);
  ways_on_.assign(gpus_.size(), 0);
  for (std::size_t a = 0; a < gpus_.size(); ++a)
    for (std::size_t b = 0; b < gpus_.size(); ++b) ways_on_[a] += linked(a, b);
  path_.clear();
  visit(0);
  steps_ = kSteps;
  return extend(scarce_first) ? positions_of_path() : std::vector<int>();
}

void RingSearch::visit(std::size_t place) {
  path_.push_back(place);
  visited_[place] = 1;
  for (std::size_t from = 0; from < gpus_.size(); ++from) ways_on_[from] -= linked(from, place);
}

void RingSearch::leave() {
  for (std::size_t from = 0; from < gpus_.size(); ++from) ways_on_[from] += linked(from, path_.back());
  visited_[path_.back()] = 0;
  path_.pop_back();
}

bool RingSearch::extend(bool scarce_first) {
  const std::size_t here = path_.back();
  if (path_.size() == gpus_.size()) return linked(here, 0);
  if (--steps_ < 0) return false;
  std::vector<std::pair<int, std::size_t>> next;
  for (std::size_t to = 0; to < gpus_.size(); ++to)
    if (linked(here, to) && !visited_[to]) next.emplace_back(scarce_first ? ways_on_[to] : 0, to);
  std::sort(next.begin(), next.end());
  for (const auto& [ways, to] : next) {
    visit(to);
    if (extend(scarce_first)) return true;
    leave();
  }
  return false;
}

// In the direction in which the second is lower.
std::vector<int> RingSearch::positions_of_path() const {
  std::vector<int> ring;
  for (const std::size_t place : path_) ring.push_back(gpus_[place]);
  if (ring[1] > ring.back()) std::reverse(ring.begin() + 1, ring.end());
  return ring;
}

}  // namespace Atoll
