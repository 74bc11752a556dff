#include "runtime/scheduler/feasibility.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "runtime/scheduler/device_packing.h"

namespace Atoll {
namespace {

constexpr Fixed kOne = Fixed::whole(1);

// A shape of bundles that are to be spread, and the nodes it may go to.
struct SpreadShape {
  std::vector<int> bundles;     // by index, ascending
  std::vector<int> candidates;  // nodes, ascending
  std::size_t next = 0;         // candidates before it are taken: for the first, greedy try
};

// The shapes of `bundles`, the biggest first: by GPUs, then memory, then CPUs.
std::vector<std::pair<Resources, SpreadShape>> shapes_of(const std::vector<Resources>& bundles) {
  std::map<Resources, SpreadShape> by_shape;
  for (std::size_t i = 0; i < bundles.size(); ++i) by_shape[bundles[i]].bundles.push_back(static_cast<int>(i));
  std::vector<std::pair<Resources, SpreadShape>> shapes(by_shape.begin(), by_shape.end());
  std::ranges::stable_sort(shapes, std::ranges::greater(), [](const auto& entry) {
    return std::tuple(entry.first.gpu, entry.first.memory, entry.first.cpu);
  });
  return shapes;
}

// A matching of bundles to nodes that grows one bundle of some shape at a time.
class SpreadMatching {
 public:
  SpreadMatching(std::vector<SpreadShape> shapes, std::size_t nodes)
      : shapes_(std::move(shapes)), holder_(nodes, kNobody) {}

  // Finds a node for one more bundle of `shape`, moving others if need be. False
  // means that no assignment has them all (Berge: no augmenting path).
  bool add(int shape) { return add_greedily(shape) || augment(shape); }

  // The nodes of each shape's bundles, ascending.
  std::vector<std::vector<int>> nodes_of_shapes() const {
    std::vector<std::vector<int>> nodes(shapes_.size());
    for (std::size_t node = 0; node < holder_.size(); ++node)
      if (holder_[node] != kNobody) nodes[holder_[node]].push_back(static_cast<int>(node));
    return nodes;
  }

 private:
  static constexpr int kNobody = -1;

  // A node once taken stays taken, so each shape walks its candidates once.
  bool add_greedily(int shape) {
    SpreadShape& s = shapes_[shape];
    while (s.next < s.candidates.size() && holder_[s.candidates[s.next]] != kNobody) ++s.next;
    if (s.next == s.candidates.size()) return false;
    holder_[s.candidates[s.next]] = shape;
    return true;
  }

  // Breadth first over shapes: one that wants a node may take it from the shape
  // that holds it, which then wants another.
  bool augment(int shape) {
    std::vector<int> wants_from(shapes_.size(), kNobody);  // the node that a shape would give up
    std::vector<bool> seen(shapes_.size());
    std::vector<int> queue{shape};
    std::vector<int> asked_by(shapes_.size(), kNobody);
    seen[shape] = true;
    for (std::size_t head = 0; head < queue.size(); ++head) {
      const int asking = queue[head];
      for (const int node : shapes_[asking].candidates) {
        const int holder = holder_[node];
        if (holder == kNobody) return give_along(asking, node, wants_from, asked_by);
        if (seen[holder]) continue;
        seen[holder] = true;
        wants_from[holder] = node;
        asked_by[holder] = asking;
        queue.push_back(holder);
      }
    }
    return false;
  }

  // `taker` gets the free `node`; the node it gives up goes to who asked it, and so on.
  bool give_along(int taker, int node, const std::vector<int>& wants_from, const std::vector<int>& asked_by) {
    while (taker != kNobody) {
      holder_[node] = taker;
      node = wants_from[taker];
      taker = asked_by[taker];
    }
    return true;
  }

  std::vector<SpreadShape> shapes_;
  std::vector<int> holder_;  // the shape on each node
};

// Adds up what bundles need beside GPUs and takes it off `free`, or says no.
bool take_pools(NodeResources& free, const std::vector<Resources>& bundles) {
  for (Resources pools : bundles) {
    if (!check_request(pools).ok()) return false;
    pools.gpu = Fixed();
    if (!take(free, pools)) return false;
  }
  return true;
}

}  // namespace

std::optional<BundleShares> pack_onto_node(const NodeResources& node, const std::vector<Resources>& bundles,
                                           const GpuPicker& picker, std::size_t most_states) {
  NodeResources free = node;
  if (!take_pools(free, bundles)) return std::nullopt;
  Resources whole;
  for (const Resources& bundle : bundles)
    if (bundle.gpu >= kOne) whole += {.gpu = bundle.gpu};
  const auto picked = choose_gpus(free, whole, picker);
  if (!picked) return std::nullopt;
  take(free, whole, *picked);

  BundleShares shares(bundles.size());
  std::vector<int> owners;  // the bundle of each fraction
  std::vector<Fixed> fractions;
  auto next = picked->begin();
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    const Fixed gpu = bundles[i].gpu;
    if (gpu >= kOne) {
      const auto end = next + gpu.units() / Fixed::kScale;
      shares[i].assign(std::exchange(next, end), end);
    } else if (!gpu.is_zero()) {
      owners.push_back(static_cast<int>(i));
      fractions.push_back(gpu);
    }
  }
  const auto devices = pack_fractions(free.gpus, fractions, most_states);
  if (!devices) return std::nullopt;
  for (std::size_t i = 0; i < owners.size(); ++i) shares[owners[i]] = {{(*devices)[i], fractions[i]}};
  return shares;
}

Resources needed_at_least(const std::vector<Resources>& bundles) {
  Resources all, largest_fraction;
  for (Resources bundle : bundles) {
    if (bundle.gpu < kOne) largest_fraction.gpu = std::max(largest_fraction.gpu, std::exchange(bundle.gpu, Fixed()));
    all += bundle;
  }
  return all.gpu.is_zero() ? all += largest_fraction : all;
}

std::optional<PackedGroup> strict_pack(const std::vector<NodeResources>& nodes, const std::vector<Resources>& bundles,
                                       const GpuPicker& picker) {
  const Resources least = needed_at_least(bundles);
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    if (!fits(nodes[node], least)) continue;
    if (auto shares = pack_onto_node(nodes[node], bundles, picker))
      return PackedGroup{static_cast<int>(node), std::move(*shares)};
  }
  return std::nullopt;
}

std::optional<std::vector<int>> strict_spread(const std::vector<NodeResources>& nodes,
                                              const std::vector<Resources>& bundles) {
  const auto fits_on = [&nodes](int node, const Resources& request) { return fits(nodes[node], request); };
  return strict_spread(static_cast<int>(nodes.size()), fits_on, bundles);
}

std::optional<std::vector<int>> strict_spread(int nodes, const FitsOn& fits_on, const std::vector<Resources>& bundles) {
  if (std::ssize(bundles) > nodes) return std::nullopt;
  std::vector<SpreadShape> shapes;
  for (auto& [request, shape] : shapes_of(bundles)) {
    // As many candidates as there are bundles are as good as all: the other
    // bundles cannot take every one of them.
    for (int i = 0; i < nodes && shape.candidates.size() < bundles.size(); ++i)
      if (fits_on(i, request)) shape.candidates.push_back(i);
    if (shape.candidates.size() < shape.bundles.size()) return std::nullopt;
    shapes.push_back(std::move(shape));
  }
  SpreadMatching matching(shapes, static_cast<std::size_t>(nodes));
  for (std::size_t shape = 0; shape < shapes.size(); ++shape)
    for (std::size_t i = 0; i < shapes[shape].bundles.size(); ++i)
      if (!matching.add(static_cast<int>(shape))) return std::nullopt;

  std::vector<int> node_of_bundle(bundles.size());
  const auto nodes_of_shapes = matching.nodes_of_shapes();
  for (std::size_t shape = 0; shape < shapes.size(); ++shape)
    for (std::size_t i = 0; i < shapes[shape].bundles.size(); ++i)
      node_of_bundle[shapes[shape].bundles[i]] = nodes_of_shapes[shape][i];
  return node_of_bundle;
}

}  // namespace Atoll
