#include "runtime/scheduler/group_segments.h"

#include <algorithm>
#include <numeric>

#include "runtime/scheduler/segment_fill.h"

namespace Atoll {
namespace {

// A node and how many bundles it can have, or gets.
struct Part {
  std::uint32_t node;
  int bundles;
};
using Piece = std::vector<Part>;

// The nodes of a domain that have room, the largest first; those before `used` are taken.
struct Stock {
  Piece parts;
  std::size_t used = 0;

  std::size_t left() const { return parts.size() - used; }
  int sum_of_next(std::size_t nodes) const {
    int sum = 0;
    for (std::size_t i = used; i < std::min(used + nodes, parts.size()); ++i) sum += parts[i].bundles;
    return sum;
  }
};

// Segments of bundles alike, at most `most` on a node.
class AlikeSegments {
 public:
  AlikeSegments(const std::vector<Rooms>& domains, const Resources& request, int bundles, std::size_t segment, int most)
      : segment_(segment), remaining_(bundles) {
    for (const Rooms& rooms : domains) {
      const std::vector<int> capacity = capacities(rooms, request, most);
      Stock stock;
      for (std::size_t i = 0; i < rooms.size(); ++i)
        if (capacity[i] > 0) stock.parts.push_back({rooms[i].node, capacity[i]});
      std::ranges::stable_sort(stock.parts, std::ranges::greater(), &Part::bundles);
      if (!stock.parts.empty()) stocks_.push_back(std::move(stock));
    }
  }

  // The nodes of the bundles in order. Whole segments are cut off where they hold the most, until the rest fits into
  // one; so no segment but the last has room left.
  std::optional<std::vector<std::uint32_t>> run() {
    while (!cut_last())
      if (!cut_whole()) return std::nullopt;
    std::ranges::stable_sort(pieces_, [this](const Piece& a, const Piece& b) {
      const bool a_whole = a.size() == segment_, b_whole = b.size() == segment_;
      return a_whole != b_whole ? a_whole : a[0].node < b[0].node;
    });
    std::vector<std::uint32_t> nodes;
    for (const Piece& piece : pieces_)
      for (const Part& part : piece) nodes.insert(nodes.end(), static_cast<std::size_t>(part.bundles), part.node);
    return nodes;
  }

 private:
  // A segment for all that remain, in the domain that is left the fewest nodes.
  bool cut_last() {
    Stock* best = nullptr;
    for (Stock& stock : stocks_)
      if (stock.sum_of_next(segment_) >= remaining_ && (best == nullptr || stock.left() < best->left())) best = &stock;
    if (best != nullptr) cut(*best);
    return best != nullptr;
  }

  bool cut_whole() {
    Stock* best = nullptr;
    for (Stock& stock : stocks_) {
      if (stock.left() < segment_) continue;
      const int sum = stock.sum_of_next(segment_), best_sum = best == nullptr ? 0 : best->sum_of_next(segment_);
      if (sum > best_sum || (sum == best_sum && stock.left() < best->left())) best = &stock;
    }
    if (best != nullptr) cut(*best);
    return best != nullptr;
  }

  void cut(Stock& stock) {
    Piece piece;
    while (remaining_ > 0 && piece.size() < segment_) {
      const Part& part = stock.parts[stock.used++];
      piece.push_back({part.node, std::min(part.bundles, remaining_)});
      remaining_ -= piece.back().bundles;
    }
    std::ranges::sort(piece, {}, &Part::node);
    pieces_.push_back(std::move(piece));
  }

  std::size_t segment_;
  int remaining_;
  std::vector<Stock> stocks_;
  std::vector<Piece> pieces_;
};

BundleNodes segment_alike(const std::vector<Rooms>& domains, const Resources& request, int bundles, int segment,
                          Strategy strategy) {
  const auto attempt = [&](int most) {
    return AlikeSegments(domains, request, bundles, static_cast<std::size_t>(segment), most).run();
  };
  if (strategy == Strategy::kPack) return {attempt(bundles)};
  if (strategy == Strategy::kStrictSpread) return {attempt(1)};
  // The fewest a node that is enough: more room never makes less fit.
  if (!attempt(bundles)) return {};
  int few = 0, enough = bundles;
  while (few + 1 < enough) {
    const int middle = few + (enough - few) / 2;
    (attempt(middle) ? enough : few) = middle;
  }
  return {attempt(enough)};
}

}  // namespace

BundleNodes segment_rooms(const std::vector<Rooms>& domains, const std::vector<Resources>& bundles, int segment,
                          Strategy strategy) {
  const BundleShapes shapes = BundleShapes::of(bundles);
  if (shapes.shapes.size() == 1)
    return segment_alike(domains, bundles[0], static_cast<int>(bundles.size()), segment, strategy);
  if (strategy != Strategy::kPack) {
    BundleNodes alone = segment_apart(domains, bundles, segment);
    if (alone.nodes || strategy == Strategy::kStrictSpread) return alone;
  }
  if (auto nodes = segment_filled(domains, bundles, segment)) return {std::move(nodes)};
  Rooms all;
  for (const Rooms& rooms : domains) all.insert(all.end(), rooms.begin(), rooms.end());
  return {std::nullopt, plainly_too_small(all, shapes)};
}

}  // namespace Atoll
