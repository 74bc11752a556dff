#include "runtime/scheduler/group_search.h"

#include <algorithm>
#include <map>
#include <utility>

#include "runtime/scheduler/feasibility.h"

namespace Atoll {
namespace {

class RoomSearch {
 public:
  RoomSearch(const Rooms& rooms, const BundleShapes& shapes, int steps) : shapes_(shapes), steps_(steps) {
    for (const NodeRoom& room : rooms) nodes_.push_back({room.free, room.free->amounts, {}, {room.node, {}}});
    for (Node& node : nodes_) node.load.counts.resize(shapes.shapes.size());
    for (std::size_t shape = 0; shape < shapes.shapes.size(); ++shape)
      order_.insert(order_.end(), static_cast<std::size_t>(shapes.shapes[shape].count()), shape);
  }

  Layout run() {
    if (!place(0, 0)) return {std::nullopt, steps_ > 0 && !guessed_};
    std::vector<NodeLoad> loads;
    for (Node& node : nodes_)
      if (!node.bundles.empty()) loads.push_back(std::move(node.load));
    return {std::move(loads)};
  }

 private:
  struct Node {
    const NodeResources* all;
    Resources left;                  // of all amounts together
    std::vector<Resources> bundles;  // that are here
    NodeLoad load;
  };

  // Places bundle `depth` and those behind it; one like the bundle before it on that one's node `from` or later.
  bool place(std::size_t depth, std::size_t from) {
    if (depth == order_.size()) return true;
    const std::size_t shape = order_[depth];
    const Resources& request = shapes_.shapes[shape].request;
    for (std::size_t i = from; i < nodes_.size(); ++i) {
      if (--steps_ <= 0) return false;
      Node& node = nodes_[i];
      if (tried_before(i, from) || !covers(node.left, request)) continue;
      node.bundles.push_back(request);
      if (packs(node)) {
        node.left -= request;
        ++node.load.counts[shape];
        const bool alike = depth + 1 < order_.size() && order_[depth + 1] == shape;
        if (place(depth + 1, alike ? i : 0)) return true;
        --node.load.counts[shape];
        node.left += request;
      }
      node.bundles.pop_back();
      if (steps_ <= 0) return false;
    }
    return false;
  }

  // Whether the bundles of `node` go there together.
  bool packs(const Node& node) {
    if (pack_onto_node(*node.all, node.bundles, pick_lowest, kSearchStates)) return true;
    std::map<Fixed, std::size_t> fractions;
    for (const Resources& bundle : node.bundles)
      if (!bundle.gpu.is_zero() && bundle.gpu < Fixed::whole(1)) ++fractions[bundle.gpu];
    std::size_t states = 1;
    for (const auto& [part, count] : fractions) states = std::min(states * (count + 1), kSearchStates + 1);
    guessed_ |= states > kSearchStates;
    return false;
  }

  // A node with nothing on it, like one before it that was tried with nothing on it.
  bool tried_before(std::size_t i, std::size_t from) const {
    if (!nodes_[i].bundles.empty() || i == from) return false;
    for (std::size_t j = i; j-- > from;)
      if (nodes_[j].bundles.empty()) return *nodes_[j].all == *nodes_[i].all;
    return false;
  }

  const BundleShapes& shapes_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> order_;  // the shape of each bundle, in the order of placing
  int steps_;
  bool guessed_ = false;  // a packing was refused that was not proved impossible
};

}  // namespace

Layout search_rooms(const Rooms& rooms, const BundleShapes& shapes, int most_steps) {
  return RoomSearch(rooms, shapes, most_steps).run();
}

}  // namespace Atoll
