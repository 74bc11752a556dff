#include "runtime/scheduler/gpu_packing.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

#include "runtime/base/check.h"
#include "topology/pick.h"

namespace Atoll {
namespace {

constexpr Fixed kOne = Fixed::whole(1);
constexpr int kIslandsTried = 6;

struct Packed {
  BundleShares shares;
  GpuScore score;
};

int island_of(const GpuState& state, int gpu) { return state.graph == nullptr ? gpu : state.graph->island(gpu); }

int count_islands(const GpuState& state) {
  return state.graph == nullptr ? static_cast<int>(state.gpus.size()) : state.graph->islands();
}

// How many GPUs of each island are completely free.
std::vector<int> free_of_islands(const GpuState& state) {
  std::vector<int> free(static_cast<std::size_t>(count_islands(state)));
  for (std::size_t gpu = 0; gpu < state.gpus.size(); ++gpu)
    free[island_of(state, static_cast<int>(gpu))] += state.gpus[gpu] == kOne;
  return free;
}

bool has_fractions(const GpuDemand& demand) {
  return std::ranges::any_of(demand.amounts, [](Fixed gpu) { return !gpu.is_zero() && gpu < kOne; });
}

int count_whole(const GpuDemand& demand) {
  Fixed sum;
  for (const Fixed gpu : demand.amounts) sum += gpu;
  return static_cast<int>(sum.units() / Fixed::kScale);
}

// The fewest islands that have `k`, and the least free GPUs that so many of them have: least[n] is the least sum of at
// least k that n islands can have, by dynamic programming over the sums.
std::optional<GpuScore> score_whole(const GpuState& state, int k, bool one_island) {
  const std::vector<int> free = free_of_islands(state);
  std::vector<int> largest = free;
  std::ranges::sort(largest, std::ranges::greater());
  int islands = 0, sum = 0;
  while (sum < k && islands < std::ssize(largest)) sum += largest[islands++];
  if (sum < k || (one_island && islands > 1)) return std::nullopt;
  // sums[n][s]: n of the islands have s free GPUs together
  std::vector<std::vector<bool>> sums(islands + 1, std::vector<bool>(sum + 1));
  sums[0][0] = true;
  for (const int more : free)
    for (int n = islands; n > 0; --n)
      for (int s = sum; s >= more; --s)
        if (sums[n - 1][s - more]) sums[n][s] = true;
  const auto least = std::find(sums[islands].begin() + k, sums[islands].end(), true);
  return GpuScore{islands, static_cast<int>(least - sums[islands].begin())};
}

// The score of `devices`, which are different.
GpuScore score_of(const GpuState& state, const std::vector<int>& devices) {
  std::vector<bool> touched(static_cast<std::size_t>(count_islands(state)));
  GpuScore score;
  for (const int gpu : devices) {
    score.islands += !touched[island_of(state, gpu)];
    touched[island_of(state, gpu)] = true;
  }
  for (int gpu = 0; gpu < std::ssize(state.gpus); ++gpu) {
    if (!touched[island_of(state, gpu)]) continue;
    score.free += state.gpus[gpu] == kOne;
    ++score.size;
  }
  if (score.free > kMostJudged) score.size = 0;
  if (score.free > kMostJudged || state.graph == nullptr) return score;
  for (std::size_t i = 0; i < devices.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) score.less_mbps -= state.graph->mbps(devices[i], devices[j]);
  return score;
}

std::vector<int> devices_of(const BundleShares& shares) {
  std::vector<int> devices;
  for (const auto& bundle : shares)
    for (const GpuShare& share : bundle) devices.push_back(share.gpu);
  std::ranges::sort(devices);
  devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
  return devices;
}

// Packs onto the devices of the islands in `allowed`.
std::optional<Packed> pack_within(const GpuState& state, const GpuDemand& demand, const GpuPicker& picker,
                                  const std::vector<bool>& allowed) {
  NodeResources node;
  for (std::size_t gpu = 0; gpu < state.gpus.size(); ++gpu) {
    node.gpus.push_back(allowed[island_of(state, static_cast<int>(gpu))] ? state.gpus[gpu] : Fixed());
    node.amounts.gpu += node.gpus.back();
  }
  Fixed needed;
  for (const Fixed gpu : demand.amounts) needed += gpu;
  if (needed > node.amounts.gpu) return std::nullopt;
  std::vector<Resources> bundles;
  for (const Fixed gpu : demand.amounts) bundles.push_back({.gpu = gpu});
  auto shares = pack_onto_node(node, bundles, picker);
  if (!shares) return std::nullopt;
  const GpuScore score = score_of(state, devices_of(*shares));
  return Packed{std::move(*shares), score};
}

// The best of all sets of `size` islands.
std::optional<Packed> pack_within_islands(const GpuState& state, const GpuDemand& demand, const GpuPicker& picker,
                                          int size) {
  const int islands = count_islands(state);
  std::optional<Packed> best;
  const auto attempt = [&](const std::vector<bool>& allowed) {
    auto packed = pack_within(state, demand, picker, allowed);
    if (packed && (!best || packed->score < best->score)) best = std::move(packed);
  };
  if (size == 1) {
    for (int island = 0; island < islands; ++island) {
      std::vector<bool> allowed(islands);
      allowed[island] = true;
      attempt(allowed);
    }
  } else if (islands <= kIslandsTried) {
    for (unsigned set = 0; set < 1u << islands; ++set) {
      if (std::popcount(set) != size) continue;
      std::vector<bool> allowed(islands);
      for (int island = 0; island < islands; ++island) allowed[island] = set >> island & 1;
      attempt(allowed);
    }
  }
  return best;
}

std::optional<Packed> pack_fewest_islands(const GpuState& state, const GpuDemand& demand, const GpuPicker& picker) {
  auto packed = pack_within(state, demand, picker, std::vector<bool>(count_islands(state), true));
  if (!packed || packed->score.islands <= 1) return packed;
  for (int size = 1; size < packed->score.islands; ++size) {
    if (auto better = pack_within_islands(state, demand, picker, size)) return better;
    if (demand.one_island) return std::nullopt;
  }
  return packed;
}

// Fractions of one size change devices among each other so that index order is ring order.
void order_fractions(const GpuState& state, const GpuDemand& demand, BundleShares& shares) {
  std::map<Fixed, std::vector<std::size_t>> alike;
  std::vector<int> devices;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (demand.amounts[i].is_zero() || demand.amounts[i] >= kOne) continue;
    alike[demand.amounts[i]].push_back(i);
    devices.push_back(shares[i][0].gpu);
  }
  std::ranges::sort(devices);
  devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
  if (state.graph != nullptr) devices = order_gpus(*state.graph, devices);
  const auto place = [&devices](const GpuShare& share) {
    return std::ranges::find(devices, share.gpu) - devices.begin();
  };
  for (const auto& [part, bundles] : alike) {
    std::vector<GpuShare> parts;
    for (const std::size_t i : bundles) parts.push_back(shares[i][0]);
    std::ranges::stable_sort(parts, {}, place);
    for (std::size_t i = 0; i < bundles.size(); ++i) shares[bundles[i]] = {parts[i]};
  }
}

}  // namespace

GpuPicker topology_picker(const std::shared_ptr<const GpuGraph>& graph, PickMemo& memo) {
  if (graph == nullptr) return pick_lowest;
  return [&](const std::vector<int>& free, int k) {
    const Pick* pick = memo.pick(graph, free, k);
    ATOLL_CHECK(pick != nullptr, free.size(), k);
    return pick->order;
  };
}

std::optional<GpuScore> score_gpus(const GpuState& state, const GpuDemand& demand, PickMemo& memo) {
  if (!has_fractions(demand)) return score_whole(state, count_whole(demand), demand.one_island);
  const auto packed = pack_fewest_islands(state, demand, topology_picker(state.graph, memo));
  return packed ? std::optional(packed->score) : std::nullopt;
}

GpuScore score_ties(const GpuState& state, const GpuDemand& demand, const GpuScore& score, PickMemo& memo) {
  if (has_fractions(demand) || score.free > kMostJudged) return score;
  std::vector<int> free;
  for (int gpu = 0; gpu < std::ssize(state.gpus); ++gpu)
    if (state.gpus[gpu] == kOne) free.push_back(gpu);
  return score_of(state, topology_picker(state.graph, memo)(free, count_whole(demand)));
}

std::optional<BundleShares> pack_gpus(const GpuState& state, const GpuDemand& demand, PickMemo& memo) {
  const GpuPicker picker = topology_picker(state.graph, memo);
  if (!has_fractions(demand)) {
    const auto score = score_whole(state, count_whole(demand), demand.one_island);
    if (!score) return std::nullopt;
    auto packed = pack_within(state, demand, picker, std::vector<bool>(count_islands(state), true));
    return packed ? std::optional(std::move(packed->shares)) : std::nullopt;
  }
  auto packed = pack_fewest_islands(state, demand, picker);
  if (!packed) return std::nullopt;
  order_fractions(state, demand, packed->shares);
  return std::move(packed->shares);
}

}  // namespace Atoll
