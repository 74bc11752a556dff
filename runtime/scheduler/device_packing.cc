#include "runtime/scheduler/device_packing.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace Atoll {
namespace {

// Fractions of one size.
struct Size {
  Fixed part;
  std::vector<int> items;  // indices of the fractions
  std::size_t stride = 1;  // of its count in a state's number
};

Fixed sum(const std::vector<Fixed>& parts) { return std::accumulate(parts.begin(), parts.end(), Fixed()); }

std::vector<Size> sizes_of(const std::vector<Fixed>& fractions) {
  std::map<Fixed, std::vector<int>, std::greater<>> by_size;
  for (std::size_t i = 0; i < fractions.size(); ++i) by_size[fractions[i]].push_back(static_cast<int>(i));
  std::vector<Size> sizes;
  for (auto& [part, items] : by_size) sizes.push_back({part, std::move(items)});
  return sizes;
}

std::optional<std::vector<int>> pack_best_fit(std::vector<Fixed> free, const std::vector<Size>& sizes,
                                              std::size_t fractions) {
  std::vector<int> device_of(fractions);
  for (const Size& size : sizes) {
    for (const int item : size.items) {
      auto best = free.end();
      for (auto device = free.begin(); device != free.end(); ++device)
        if (*device >= size.part && (best == free.end() || *device < *best)) best = device;
      if (best == free.end()) return std::nullopt;
      *best -= size.part;
      device_of[item] = static_cast<int>(best - free.begin());
    }
  }
  return device_of;
}

// Devices are filled one after the other. Of all ways to have packed so many of
// each size, the one that has come least far (device, then the part used there)
// can go on however any other can, so it alone is kept: a state is how many of
// each size are packed, and its value how far that came at least.
class ExactPacking {
 public:
  ExactPacking(const std::vector<Fixed>& free, std::vector<Size> sizes) : free_(free), sizes_(std::move(sizes)) {}

  // How many states there are; stops counting above `most`.
  std::size_t count_states(std::size_t most) {
    std::size_t states = 1;
    for (Size& size : sizes_) {
      size.stride = states;
      states *= size.items.size() + 1;
      if (states > most) break;
    }
    return states;
  }

  std::optional<std::vector<int>> pack(std::size_t states, std::size_t fractions) {
    reached_.assign(states, {});
    reached_[0] = {0, Fixed(), -1};
    for (std::size_t state = 0; state < states; ++state)
      if (reached_[state].device != kNowhere) go_on_from(state);
    if (reached_.back().device == kNowhere) return std::nullopt;
    return trace_back(states - 1, fractions);
  }

 private:
  static constexpr int kNowhere = -1;
  struct Reached {
    int device = kNowhere;
    Fixed used = {};
    int last_size = -1;  // of the fraction packed last
  };

  std::size_t count_packed(std::size_t state, const Size& size) const {
    return state / size.stride % (size.items.size() + 1);
  }

  void go_on_from(std::size_t state) {
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      if (count_packed(state, sizes_[i]) == sizes_[i].items.size()) continue;
      const Reached next = put(reached_[state], static_cast<int>(i));
      Reached& known = reached_[state + sizes_[i].stride];
      if (next.device == kNowhere) continue;
      if (known.device == kNowhere || std::pair(next.device, next.used) < std::pair(known.device, known.used))
        known = next;
    }
  }

  // One more of size `i`: on this device, or on the next that is large enough.
  Reached put(Reached at, int i) const {
    const Fixed part = sizes_[i].part;
    while (at.device < std::ssize(free_) && free_[at.device] < at.used + part) at = {at.device + 1, Fixed(), -1};
    if (at.device == std::ssize(free_)) return {};
    return {at.device, at.used + part, i};
  }

  std::vector<int> trace_back(std::size_t state, std::size_t fractions) const {
    std::vector<int> device_of(fractions);
    while (state != 0) {
      const Size& size = sizes_[reached_[state].last_size];
      device_of[size.items[count_packed(state, size) - 1]] = reached_[state].device;
      state -= size.stride;
    }
    return device_of;
  }

  const std::vector<Fixed>& free_;
  std::vector<Size> sizes_;
  std::vector<Reached> reached_;  // by state
};

}  // namespace

std::optional<std::vector<int>> pack_fractions(const std::vector<Fixed>& free, const std::vector<Fixed>& fractions,
                                               std::size_t most_states) {
  if (sum(fractions) > sum(free)) return std::nullopt;
  const std::vector<Size> sizes = sizes_of(fractions);
  if (auto packed = pack_best_fit(free, sizes, fractions.size())) return packed;
  ExactPacking exact(free, sizes);
  const std::size_t states = exact.count_states(most_states);
  if (states > most_states) return std::nullopt;
  return exact.pack(states, fractions.size());
}

}  // namespace Atoll
