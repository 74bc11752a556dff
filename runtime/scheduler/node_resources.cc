#include "runtime/scheduler/node_resources.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace Atoll {
namespace {

constexpr Fixed kOne = Fixed::whole(1);

bool is_fraction(Fixed gpu) { return gpu < kOne; }
std::int64_t whole_gpus(Fixed gpu) { return gpu.units() / Fixed::kScale; }

bool is_well_formed(const Resources& request) {
  if (request.cpu < Fixed() || request.gpu < Fixed()) return false;
  if (request.gpu > kOne && !request.gpu.is_whole()) return false;
  return std::ranges::all_of(request.custom, [](const auto& entry) { return entry.second >= Fixed(); });
}

std::int64_t count_free_devices(const NodeResources& node) { return std::ranges::count(node.gpus, kOne); }

bool gpus_fit(const NodeResources& free, Fixed gpu) {
  if (gpu.is_zero()) return true;
  if (!is_fraction(gpu)) return count_free_devices(free) >= whole_gpus(gpu);
  return std::ranges::any_of(free.gpus, [gpu](Fixed part) { return part >= gpu; });
}

std::int64_t count_gpus_fitting(const NodeResources& free, Fixed gpu) {
  if (!is_fraction(gpu)) return count_free_devices(free) / whole_gpus(gpu);
  std::int64_t count = 0;
  for (const Fixed part : free.gpus) count += part.units() / gpu.units();
  return count;
}

// The device of a fraction that fits: the least free part that still has it.
int best_fit(const std::vector<Fixed>& gpus, Fixed gpu) {
  int best = -1;
  for (int i = 0; i < static_cast<int>(gpus.size()); ++i)
    if (gpus[i] >= gpu && (best < 0 || gpus[i] < gpus[best])) best = i;
  return best;
}

std::vector<GpuShare> choose_whole(const NodeResources& free, int count, const GpuPicker& picker) {
  std::vector<int> candidates;
  for (int i = 0; i < static_cast<int>(free.gpus.size()); ++i)
    if (free.gpus[i] == kOne) candidates.push_back(i);
  std::vector<GpuShare> shares;
  for (const int gpu : picker(candidates, count)) {
    ATOLL_CHECK(std::ranges::binary_search(candidates, gpu), gpu);
    ATOLL_CHECK(std::ranges::find(shares, gpu, &GpuShare::gpu) == shares.end(), gpu);
    shares.push_back({gpu, kOne});
  }
  ATOLL_CHECK(std::ssize(shares) == count, shares.size(), count);
  return shares;
}

Fixed sum(const std::vector<Fixed>& parts) {
  Fixed total;
  for (const Fixed part : parts) total += part;
  return total;
}

Fixed sum(const std::vector<GpuShare>& shares) {
  Fixed total;
  for (const GpuShare& share : shares) total += share.part;
  return total;
}

}  // namespace

NodeResources node_of(Resources amounts) {
  ATOLL_CHECK(amounts.gpu.is_whole(), amounts.gpu);
  NodeResources node{std::move(amounts), {}};
  node.gpus.assign(whole_gpus(node.amounts.gpu), kOne);
  return node;
}

NodeResources node_of(const Grant& grant, int devices) {
  NodeResources node{grant.amounts, std::vector<Fixed>(devices)};
  for (const GpuShare& share : grant.gpus) {
    ATOLL_CHECK(share.gpu >= 0 && share.gpu < devices, share.gpu, devices);
    node.gpus[share.gpu] += share.part;
  }
  return node;
}

Status check_node(const NodeResources& node) {
  for (const Fixed part : node.gpus)
    if (part < Fixed() || part > kOne)
      return Status(Code::kInvalidArgument, "a node's GPU has a part of 0 to 1, not " + part.to_string());
  if (sum(node.gpus) != node.amounts.gpu)
    return Status(Code::kInvalidArgument, "a node says " + node.amounts.gpu.to_string() + " gpu, its GPUs sum to " +
                                              sum(node.gpus).to_string());
  Resources pools = node.amounts;
  pools.gpu = Fixed();
  return check_request(pools).prefixed("a node's amounts");
}

std::vector<int> pick_lowest(const std::vector<int>& free, int k) { return {free.begin(), free.begin() + k}; }

bool fits(const NodeResources& free, const Resources& request) {
  return covers(free.amounts, request) && is_well_formed(request) && gpus_fit(free, request.gpu);
}

int count_fitting(const NodeResources& free, const Resources& request, int limit) {
  if (!fits(free, request)) return 0;
  std::int64_t count = limit;
  const auto bound = [&count](Fixed have, Fixed need) {
    if (!need.is_zero()) count = std::min(count, have.units() / need.units());
  };
  bound(free.amounts.cpu, request.cpu);
  for (const auto& [name, amount] : request.custom)
    if (!amount.is_zero()) bound(free.amounts.custom.at(name), amount);
  if (request.memory != 0)
    count = static_cast<std::int64_t>(std::min<std::uint64_t>(count, free.amounts.memory / request.memory));
  if (!request.gpu.is_zero()) count = std::min(count, count_gpus_fitting(free, request.gpu));
  return static_cast<int>(count);
}

std::optional<std::vector<GpuShare>> choose_gpus(const NodeResources& free, const Resources& request,
                                                 const GpuPicker& picker) {
  if (!fits(free, request)) return std::nullopt;
  if (request.gpu.is_zero()) return std::vector<GpuShare>();
  if (is_fraction(request.gpu)) return std::vector<GpuShare>{{best_fit(free.gpus, request.gpu), request.gpu}};
  return choose_whole(free, static_cast<int>(whole_gpus(request.gpu)), picker);
}

bool has_shares(const NodeResources& free, Fixed gpu, const std::vector<GpuShare>& shares) {
  for (auto share = shares.begin(); share != shares.end(); ++share) {
    if (share->gpu < 0 || share->gpu >= std::ssize(free.gpus)) return false;
    if (share->part <= Fixed() || free.gpus[share->gpu] < share->part) return false;
    if (shares.size() > 1 && share->part != kOne) return false;
    if (std::ranges::find(shares.begin(), share, share->gpu, &GpuShare::gpu) != share) return false;
  }
  return sum(shares) == gpu;
}

void take(NodeResources& free, const Resources& amounts, const std::vector<GpuShare>& gpus) {
  ATOLL_CHECK(sum(gpus) == amounts.gpu, sum(gpus), amounts.gpu);
  free.amounts -= amounts;
  for (const GpuShare& share : gpus) {
    ATOLL_CHECK(share.gpu >= 0 && share.gpu < std::ssize(free.gpus), share.gpu, free.gpus.size());
    ATOLL_CHECK(free.gpus[share.gpu] >= share.part, share.gpu, free.gpus[share.gpu], share.part);
    free.gpus[share.gpu] -= share.part;
  }
}

void put_back(NodeResources& free, const Resources& amounts, const std::vector<GpuShare>& gpus) {
  ATOLL_CHECK(sum(gpus) == amounts.gpu, sum(gpus), amounts.gpu);
  free.amounts += amounts;
  for (const GpuShare& share : gpus) {
    ATOLL_CHECK(share.gpu >= 0 && share.gpu < std::ssize(free.gpus), share.gpu, free.gpus.size());
    free.gpus[share.gpu] += share.part;
    ATOLL_CHECK(free.gpus[share.gpu] <= kOne, share.gpu, free.gpus[share.gpu]);
  }
}

bool take(NodeResources& free, const Resources& request) {
  const auto gpus = choose_gpus(free, request, pick_lowest);
  if (gpus) take(free, request, *gpus);
  return gpus.has_value();
}

}  // namespace Atoll
