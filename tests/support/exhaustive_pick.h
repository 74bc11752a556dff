#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "tests/support/gpu_shapes.h"

namespace Atoll {

// PICK-1 word by word: looks at every set. Shares no code with topology/; reads the shape's wires, not the graph.
class ExhaustivePick {
 public:
  explicit ExhaustivePick(const Shapes::Shape& shape) : shape_(shape), island_(Shapes::range(0, count())) {
    links_.assign(static_cast<std::size_t>(count()), std::vector<std::int64_t>(static_cast<std::size_t>(count()), 0));
    for (const auto& wire : shape.wires)
      links_[wire.a][wire.b] = links_[wire.b][wire.a] = std::llround(wire.gbps * 1000);
    for (bool changed = true; changed;) {
      changed = false;
      for (const auto& wire : shape.wires) {
        const int least = std::min(island_[wire.a], island_[wire.b]);
        changed |= island_[wire.a] != least || island_[wire.b] != least;
        island_[wire.a] = island_[wire.b] = least;
      }
    }
  }

  int count() const { return static_cast<int>(shape_.numa.size()); }
  std::int64_t link(int a, int b) const { return links_[a][b]; }

  // The total inside, in MB/s.
  std::int64_t inside(const std::vector<int>& set) const {
    std::int64_t sum = 0;
    for (const int a : set)
      for (const int b : set) sum += a < b ? links_[a][b] : 0;
    return sum;
  }

  std::vector<int> best(const std::vector<int>& free, int k) const {
    std::optional<Rank> best;
    for (std::uint32_t mask = 0; mask < 1U << free.size(); ++mask) {
      if (std::popcount(mask) != k) continue;
      std::vector<int> set;
      for (std::size_t i = 0; i < free.size(); ++i)
        if (mask >> i & 1) set.push_back(free[i]);
      const Rank rank = rank_of(set, free);
      if (!best || rank < *best) best = rank;
    }
    return std::get<5>(*best);
  }

 private:
  // Lower is better.
  using Rank = std::tuple<std::size_t, std::size_t, std::int64_t, std::int64_t, std::size_t, std::vector<int>>;

  Rank rank_of(const std::vector<int>& set, const std::vector<int>& free) const {
    std::set<int> islands, numa;
    for (const int gpu : set) {
      islands.insert(island_[gpu]);
      numa.insert(shape_.numa[gpu].value_or(-1));
    }
    std::size_t touched = 0;
    std::vector<int> left;
    for (const int gpu : free) {
      if (!islands.contains(island_[gpu])) continue;
      ++touched;
      if (std::find(set.begin(), set.end(), gpu) == set.end()) left.push_back(gpu);
    }
    return {islands.size(), touched, -inside(set), -inside(left), numa.size(), set};
  }

  const Shapes::Shape& shape_;
  std::vector<int> island_;
  std::vector<std::vector<std::int64_t>> links_;
};

}  // namespace Atoll
