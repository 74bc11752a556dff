// pack_rooms(): as few nodes as it finds.
#include <algorithm>
#include <numeric>
#include <utility>

#include "runtime/scheduler/group_rooms.h"
#include "runtime/scheduler/group_search.h"

namespace Atoll {
namespace {

// Bundles alike: the nodes that have the most, until the rest fits on one; that one has the least that is enough.
Layout pack_alike(const Rooms& rooms, const Resources& request, int bundles) {
  const std::vector<int> capacity = capacities(rooms, request, bundles);
  std::vector<int> order;
  for (std::size_t i = 0; i < rooms.size(); ++i)
    if (capacity[i] > 0) order.push_back(static_cast<int>(i));
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](int i) { return std::pair(rooms[i].held > 0, capacity[i]); });
  std::vector<NodeLoad> loads;
  for (std::size_t at = 0; at < order.size() && bundles > 0; ++at) {
    int chosen = order[at];
    if (capacity[chosen] >= bundles)  // the last: of those behind it with the same standing
      for (std::size_t i = at; i < order.size(); ++i)
        if ((rooms[order[i]].held > 0) == (rooms[chosen].held > 0) && capacity[order[i]] >= bundles &&
            capacity[order[i]] < capacity[chosen])
          chosen = order[i];
    const int here = std::min(bundles, capacity[chosen]);
    loads.push_back({rooms[chosen].node, {here}});
    bundles -= here;
  }
  if (bundles > 0) return {};
  std::ranges::sort(loads, {}, &NodeLoad::node);
  return {std::move(loads)};
}

// First fit, biggest first: a bundle goes to the node in use with the least room left that has it, else to a new one.
class FirstFit {
 public:
  FirstFit(const Rooms& rooms, const BundleShapes& shapes) : rooms_(rooms), shapes_(shapes), is_open_(rooms.size()) {
    for (std::size_t i = 0; i < rooms.size(); ++i)
      if (rooms[i].held > 0) open(i);
  }

  std::optional<std::vector<NodeLoad>> pack() {
    for (std::size_t shape = 0; shape < shapes_.shapes.size(); ++shape)
      for (int i = 0; i < shapes_.shapes[shape].count(); ++i)
        if (!put(shape)) return std::nullopt;
    std::vector<NodeLoad> loads;
    for (Open& open : open_)
      if (std::ranges::any_of(open.load.counts, [](int count) { return count > 0; })) loads.push_back(open.load);
    std::ranges::sort(loads, {}, &NodeLoad::node);
    return loads;
  }

 private:
  struct Open {
    NodeResources free;
    NodeLoad load;
  };

  void open(std::size_t room) {
    open_.push_back({*rooms_[room].free, {rooms_[room].node, std::vector<int>(shapes_.shapes.size())}});
    is_open_[room] = true;
  }

  bool put(std::size_t shape) {
    const Resources& request = shapes_.shapes[shape].request;
    // The node of the bundle before it has the least room still, if that was of the same shape.
    const bool again = shape == last_shape_ && take(open_[last_].free, request);
    if (!again && !choose(request)) return false;
    last_shape_ = shape;
    ++open_[last_].load.counts[shape];
    return true;
  }

  bool choose(const Resources& request) {
    Open* best = nullptr;
    for (Open& open : open_)
      if (fits(open.free, request) && (best == nullptr || open.free.amounts < best->free.amounts)) best = &open;
    if (best == nullptr) best = open_for(request);
    if (best == nullptr) return false;
    last_ = static_cast<std::size_t>(best - open_.data());
    return take(best->free, request);
  }

  // The largest new node that has it.
  Open* open_for(const Resources& request) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < rooms_.size(); ++i) {
      if (best && !larger(rooms_[i].free->amounts, rooms_[*best].free->amounts)) continue;
      if (!is_open_[i] && fits(*rooms_[i].free, request)) best = i;
    }
    if (!best) return nullptr;
    open(*best);
    return &open_.back();
  }

  static bool larger(const Resources& a, const Resources& b) {
    return std::tie(a.gpu, a.cpu, a.memory) > std::tie(b.gpu, b.cpu, b.memory);
  }

  const Rooms& rooms_;
  const BundleShapes& shapes_;
  std::vector<Open> open_;
  std::vector<bool> is_open_;  // by room
  std::size_t last_ = 0;       // of open_: where the last bundle went
  std::size_t last_shape_ = static_cast<std::size_t>(-1);
};

}  // namespace

Layout pack_rooms(const Rooms& rooms, const BundleShapes& shapes) {
  if (shapes.bundles == 0) return {std::vector<NodeLoad>()};
  if (shapes.shapes.size() == 1) return pack_alike(rooms, shapes.shapes[0].request, shapes.bundles);
  if (plainly_too_small(rooms, shapes)) return {};
  if (auto loads = FirstFit(rooms, shapes).pack()) return {std::move(loads)};
  return search_rooms(rooms, shapes, kSearchSteps);
}

}  // namespace Atoll
