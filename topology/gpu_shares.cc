#include "topology/gpu_shares.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "topology/pick.h"

namespace Atoll {

namespace {

using Slice = std::vector<int>;  // of one task, in ring order
using Slices = std::vector<Slice>;
using Key = std::function<int(int)>;  // of a position

// `items` by the key of each (of its first GPU), groups and members in the order in which they appear.
template <typename Item, typename KeyOf>
std::vector<std::vector<Item>> group_by(const std::vector<Item>& items, const KeyOf& key_of) {
  std::vector<std::pair<int, std::vector<Item>>> groups;
  for (const Item& item : items) {
    const int key = key_of(item);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& entry) { return entry.first == key; });
    if (group == groups.end()) group = groups.insert(group, {key, {}});
    group->second.push_back(item);
  }
  std::vector<std::vector<Item>> lists;
  for (auto& group : groups) lists.push_back(std::move(group.second));
  return lists;
}

std::vector<int> without(const std::vector<int>& positions, const std::vector<int>& taken) {
  std::vector<int> left;
  std::set_difference(positions.begin(), positions.end(), taken.begin(), taken.end(), std::back_inserter(left));
  return left;
}

// As many slices of `size` as `group` has, the best first; then along the group's ring. What is left goes to `rest`.
Slices cut(const GpuGraph& graph, std::vector<int> group, int size, std::vector<int>& rest) {
  const std::vector<int> ring = order_gpus(graph, group);
  Slices slices;
  if (size == 1) {
    for (const int gpu : ring) slices.push_back({gpu});
    return slices;
  }
  while (const std::optional<Pick> pick = pick_gpus(graph, group, size)) {
    slices.push_back(pick->order);
    group = without(group, pick->gpus);
  }
  rest.insert(rest.end(), group.begin(), group.end());
  const auto first_on_ring = [&ring](const Slice& slice) {
    return std::find_first_of(ring.begin(), ring.end(), slice.begin(), slice.end());
  };
  std::sort(slices.begin(), slices.end(),
            [&](const Slice& a, const Slice& b) { return first_on_ring(a) < first_on_ring(b); });
  return slices;
}

// Of each group of GPUs as many slices as it has.
Slices cut_groups(const GpuGraph& graph, const std::vector<int>& gpus, int size, const Key& key,
                  std::vector<int>& rest) {
  Slices slices;
  for (const std::vector<int>& group : group_by(gpus, key))
    for (Slice& slice : cut(graph, group, size, rest)) slices.push_back(std::move(slice));
  std::sort(rest.begin(), rest.end());
  return slices;
}

Slices cut_islands(const GpuGraph& graph, const std::vector<int>& gpus, int size, std::vector<int>& rest) {
  return cut_groups(
      graph, gpus, size, [&](int gpu) { return graph.island(gpu); }, rest);
}

// What islands cannot hold whole goes by NUMA nodes, and what those cannot, across them.
Slices cut_all(const GpuGraph& graph, const std::vector<int>& gpus, int size) {
  std::vector<int> rest, scattered;
  Slices slices = cut_islands(graph, gpus, size, rest);
  const Key numa = [&](int gpu) { return graph.numa_group(gpu); };
  for (Slice& slice : cut_groups(graph, rest, size, numa, scattered)) slices.push_back(std::move(slice));
  std::stable_sort(scattered.begin(), scattered.end(), [&](int a, int b) { return numa(a) < numa(b); });
  const auto step = static_cast<std::size_t>(size);
  for (std::size_t i = 0; i + step <= scattered.size(); i += step)
    slices.push_back(order_gpus(graph, {scattered.begin() + static_cast<std::ptrdiff_t>(i),
                                        scattered.begin() + static_cast<std::ptrdiff_t>(i + step)}));
  return slices;
}

// The first of each group, then the second of each, and so on.
Slices take_turns(const std::vector<Slices>& groups) {
  Slices turns;
  bool more = true;
  for (std::size_t i = 0; std::exchange(more, false); ++i)
    for (const Slices& group : groups)
      if (i < group.size()) {
        turns.push_back(group[i]);
        more = true;
      }
  return turns;
}

Slices by_turns(const GpuGraph& graph, const Slices& slices) {
  const auto by = [](const Key& key) { return [key](const Slice& slice) { return key(slice.front()); }; };
  std::vector<Slices> islands;
  for (const Slices& island : group_by(slices, by([&](int gpu) { return graph.island(gpu); })))
    islands.push_back(take_turns(group_by(island, by([&](int gpu) { return graph.numa_group(gpu); }))));
  return take_turns(islands);
}

int size_of_share(const std::vector<int>& gpus, int tasks) {
  return std::max(1, static_cast<int>(gpus.size()) / tasks);
}

// Tasks in blocks where they are more than the slices, otherwise one slice each.
GpuShares hand_out(const Slices& slices, int tasks) {
  const auto count = slices.size(), n = static_cast<std::size_t>(tasks);
  GpuShares shares;
  for (std::size_t i = 0; i < n; ++i) shares.push_back(slices[n > count ? i * count / n : i]);
  return shares;
}

// Those to use where some stay idle: the best together, unless tasks would have to cross islands for it.
std::vector<int> best_of(const GpuGraph& graph, const std::vector<int>& gpus, int tasks, int size) {
  if (tasks * size >= static_cast<int>(gpus.size())) return gpus;
  std::vector<int> best = pick_gpus(graph, gpus, tasks * size)->gpus, rest;
  return static_cast<int>(cut_islands(graph, best, size, rest).size()) == tasks ? best : gpus;
}

}  // namespace

GpuShares share_packed(const GpuGraph& graph, const std::vector<int>& gpus, int tasks) {
  const int size = size_of_share(gpus, tasks);
  return hand_out(cut_all(graph, best_of(graph, gpus, tasks, size), size), tasks);
}

GpuShares share_spread(const GpuGraph& graph, const std::vector<int>& gpus, int tasks) {
  const Slices slices = by_turns(graph, cut_all(graph, gpus, size_of_share(gpus, tasks)));
  GpuShares shares;
  for (std::size_t i = 0; i < static_cast<std::size_t>(tasks); ++i) shares.push_back(slices[i % slices.size()]);
  return shares;
}

GpuShares share_by_island(const GpuGraph& graph, const std::vector<int>& gpus, int tasks) {
  const int size = size_of_share(gpus, tasks);
  std::vector<int> rest;
  const Slices slices = cut_islands(graph, best_of(graph, gpus, tasks, size), size, rest);
  return size > 1 && static_cast<int>(slices.size()) < tasks ? GpuShares() : hand_out(slices, tasks);
}

}  // namespace Atoll
