#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/churn_world.h"
#include "topology/pick.h"

// Who decides where a group goes. A policy is a pure function: of a node's make and free GPUs it says which it would
// take, and a score, lower is better; the node with the lowest score wins, of several the first.
namespace Atoll::Churn {

struct Offer {
  Mask gpus = 0;
  std::array<std::int64_t, 4> score = {};
};

struct Policy {
  std::string name, rule;
  std::function<std::optional<Offer>(const Make&, Mask free, const Group&)> offer;
};

inline Mask to_mask(const std::vector<int>& positions) {
  unsigned mask = 0;
  for (const int position : positions) mask |= 1U << position;
  return static_cast<Mask>(mask);
}

inline int free_in_touched(const Make& make, Mask free, Mask gpus) {
  int count = 0;
  for (const Mask island : make.islands)
    if (island & gpus) count += std::popcount(static_cast<Mask>(island & free));
  return count;
}

// Calls `visit` with every set of `count` of the free GPUs, lowest positions first.
template <typename Visit>
void for_each_set(Mask free, int count, Visit visit) {
  const std::vector<int> all = positions(free);
  if (count > static_cast<int>(all.size())) return;
  std::vector<char> take(all.size(), 0);
  std::fill_n(take.begin(), count, 1);
  do {
    unsigned mask = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (take[i]) mask |= 1U << all[i];
    visit(static_cast<Mask>(mask));
  } while (std::prev_permutation(take.begin(), take.end()));
}

// The best set by a score.
template <typename Score>
std::optional<Offer> best_set(Mask free, int count, Score score) {
  std::optional<Offer> best;
  for_each_set(free, count, [&](Mask set) {
    const auto value = score(set);
    if (!best || value < best->score) best = Offer{set, value};
  });
  return best;
}

inline int size_of_touched(const Make& make, Mask gpus) { return free_in_touched(make, make.all(), gpus); }

// Ours, GROUP-3 in other words: PICK-1 inside the node; between nodes its first two rules, then the smallest islands,
// free or not, then the most bandwidth inside, then the first. PlannerCheck holds it against the shipped GroupPlanner.
inline std::optional<Offer> offer_atoll(const Make& make, Mask free, const Group& group) {
  const auto pick = pick_gpus(make.graph, positions(free), group.gpus);
  if (!pick) return std::nullopt;
  const Mask gpus = to_mask(pick->gpus);
  return Offer{
      gpus,
      {pick->islands, free_in_touched(make, free, gpus), size_of_touched(make, gpus), -total_inside(make.graph, gpus)}};
}

// The same without the third and fourth.
inline std::optional<Offer> offer_two_rules(const Make& make, Mask free, const Group& group) {
  auto offer = offer_atoll(make, free, group);
  if (offer) offer->score[2] = offer->score[3] = 0;
  return offer;
}

// Ray and plain Slurm: the first node that fits, its lowest free indices.
inline std::optional<Offer> offer_first(const Make&, Mask free, const Group& group) {
  if (std::popcount(free) < group.gpus) return std::nullopt;
  std::vector<int> all = positions(free);
  all.resize(static_cast<std::size_t>(group.gpus));
  return Offer{to_mask(all), {}};
}

// The set with the most bandwidth inside that any node has.
inline std::optional<Offer> offer_greedy(const Make& make, Mask free, const Group& group) {
  return best_set(free, group.gpus, [&](Mask set) {
    return std::array<std::int64_t, 4>{-total_inside(make.graph, set), 0, 0, 0};
  });
}

// MAPA's preserving policy (Ranganath and others, SC21, arXiv 2110.03214), carried over from one node to many: a
// sensitive group gets the most bandwidth, of equals the set that leaves the most; another the set that takes the least
// from what is left. Bandwidth is the sum over pairs, where MAPA has a regression fitted to one machine.
inline std::optional<Offer> offer_preserving(const Make& make, Mask free, const Group& group) {
  const std::int64_t before = total_inside(make.graph, free);
  return best_set(free, group.gpus, [&](Mask set) {
    const std::int64_t inside = total_inside(make.graph, set);
    const std::int64_t taken = before - total_inside(make.graph, static_cast<Mask>(free & ~set));
    return group.sensitive ? std::array<std::int64_t, 4>{-inside, taken, 0, 0}
                           : std::array<std::int64_t, 4>{taken, -inside, 0, 0};
  });
}

// The smallest free cell (aligned block of a power of two, its buddy not free) of at least `size`; 0 for none. It is
// split down to its lowest part of `size`.
inline int smallest_cell(const Make& make, Mask free, int size, Mask& taken) {
  for (int cell = size; cell <= make.gpus(); cell *= 2)
    for (int at = 0; at < make.gpus(); at += cell) {
      const unsigned block = ((1U << cell) - 1) << at;
      const int buddy_at = at ^ cell;
      const bool has_buddy = 2 * cell <= make.gpus();
      const unsigned buddy = has_buddy ? ((1U << cell) - 1) << buddy_at : 0;
      if ((free & block) != block || (has_buddy && (free & buddy) == buddy)) continue;
      taken = static_cast<Mask>(((1U << size) - 1) << at);
      return cell;
    }
  return 0;
}

// HiveD's buddy cells (Zhao and others, OSDI 20): cells of 8, 4, 2 and 1 GPUs; each power of two in the group's size is
// cut from the smallest free cell that holds it, largest first, all on one node; between nodes the one where the
// smallest cells are split wins.
inline std::optional<Offer> offer_buddy(const Make& make, Mask free, const Group& group) {
  Offer offer;
  int place = 0;
  for (int size = kMostGpus; size > 0; size /= 2) {
    if (!(group.gpus & size)) continue;
    Mask taken = 0;
    const int cell = smallest_cell(make, static_cast<Mask>(free & ~offer.gpus), size, taken);
    if (cell == 0) return std::nullopt;
    offer.gpus |= taken;
    offer.score[place++] = cell;
  }
  return offer;
}

inline std::vector<Policy> policies() {
  return {{"atoll", "fewest islands, fewest free GPUs in them, smallest islands, most bandwidth", offer_atoll},
          {"two rules", "fewest islands, fewest free GPUs in them, first node", offer_two_rules},
          {"first index", "first node, lowest indices (Ray, plain Slurm)", offer_first},
          {"greedy", "most bandwidth of any node", offer_greedy},
          {"preserving", "MAPA: most bandwidth if sensitive, else least taken", offer_preserving},
          {"buddy", "HiveD: smallest free cell", offer_buddy}};
}

// The same policy with one island as a condition: it sees the islands one by one, and its best offer counts.
inline Policy within_island(const Policy& policy) {
  const auto offer_one = [offer = policy.offer](const Make& make, Mask free, const Group& group) {
    std::optional<Offer> best;
    for (const Mask island : make.islands) {
      const auto here = offer(make, static_cast<Mask>(free & island), group);
      if (here && (!best || here->score < best->score)) best = here;
    }
    return best;
  };
  return {policy.name, policy.rule, offer_one};
}

}  // namespace Atoll::Churn
