#include "runtime/scheduler/segment_fill.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace Atoll {
namespace {

// Gives segments to domains, one after the other, going back where the rest finds none.
class ApartSearch {
 public:
  ApartSearch(const std::vector<Rooms>& domains, const std::vector<Resources>& bundles, int segment)
      : domains_(domains), bundles_(bundles), segment_(segment), given_(domains.size()), order_(domains.size()) {
    std::iota(order_.begin(), order_.end(), 0);
    std::ranges::stable_sort(order_, {}, [&](std::size_t domain) { return domains[domain].size(); });
  }

  BundleNodes run() {
    if (!give(0)) return {std::nullopt, steps_ > 0};
    std::vector<std::uint32_t> nodes(bundles_.size());
    for (std::size_t domain = 0; domain < domains_.size(); ++domain) {
      const BundleShapes shapes = BundleShapes::of(bundles_, given_[domain]);
      assign_bundles(shapes, *strict_spread_rooms(domains_[domain], shapes).loads, nodes);
    }
    return {std::move(nodes)};
  }

 private:
  bool give(int first) {
    if (first >= std::ssize(bundles_)) return true;
    const int end = std::min(first + segment_, static_cast<int>(bundles_.size()));
    for (const std::size_t domain : order_) {
      if (--steps_ <= 0) return false;
      std::vector<int>& given = given_[domain];
      const std::size_t before = given.size();
      for (int i = first; i < end; ++i) given.push_back(i);
      if (given.size() <= domains_[domain].size() &&
          strict_spread_rooms(domains_[domain], BundleShapes::of(bundles_, given)).loads && give(end))
        return true;
      given.resize(before);
    }
    return false;
  }

  const std::vector<Rooms>& domains_;
  const std::vector<Resources>& bundles_;
  int segment_;
  int steps_ = kSegmentSteps;
  std::vector<std::vector<int>> given_;  // bundles, by domain
  std::vector<std::size_t> order_;       // of domains: the smallest first
};

struct Filled {
  std::size_t domain = 0;
  std::vector<std::size_t> rooms;    // of the domain
  std::vector<std::uint32_t> nodes;  // of the next bundles
};

class Filling {
 public:
  Filling(const std::vector<Rooms>& domains, const std::vector<Resources>& bundles, std::size_t segment)
      : domains_(domains), bundles_(bundles), segment_(segment) {
    for (Rooms& rooms : domains_)
      std::ranges::stable_sort(rooms, [](const NodeRoom& a, const NodeRoom& b) {
        const Resources &x = a.free->amounts, &y = b.free->amounts;
        return std::tie(x.gpu, x.cpu, x.memory) > std::tie(y.gpu, y.cpu, y.memory);
      });
  }

  std::optional<std::vector<std::uint32_t>> run() {
    std::vector<std::uint32_t> nodes;
    while (nodes.size() < bundles_.size()) {
      std::optional<Filled> best;
      for (std::size_t domain = 0; domain < domains_.size(); ++domain) {
        Filled filled = fill(domain, nodes.size());
        const bool done = nodes.size() + filled.nodes.size() == bundles_.size();
        if (!done && filled.rooms.size() < segment_) continue;
        if (!best || filled.nodes.size() > best->nodes.size() ||
            (filled.nodes.size() == best->nodes.size() && domains_[domain].size() < domains_[best->domain].size()))
          best = std::move(filled);
      }
      if (!best || best->nodes.empty()) return std::nullopt;
      nodes.insert(nodes.end(), best->nodes.begin(), best->nodes.end());
      for (auto room = best->rooms.rbegin(); room != best->rooms.rend(); ++room)
        domains_[best->domain].erase(domains_[best->domain].begin() + static_cast<std::ptrdiff_t>(*room));
    }
    return nodes;
  }

 private:
  // A segment of the bundles from `first` on.
  Filled fill(std::size_t domain, std::size_t first) const {
    Filled filled{domain, {}, {}};
    const Rooms& rooms = domains_[domain];
    for (std::size_t i = 0; i < rooms.size() && filled.rooms.size() < segment_; ++i) {
      NodeResources free = *rooms[i].free;
      std::size_t next = first + filled.nodes.size();
      if (next == bundles_.size()) break;
      if (!fits(free, bundles_[next])) continue;
      for (; next < bundles_.size() && take(free, bundles_[next]); ++next) filled.nodes.push_back(rooms[i].node);
      filled.rooms.push_back(i);
    }
    return filled;
  }

  std::vector<Rooms> domains_;  // the largest node first, without those that are taken
  const std::vector<Resources>& bundles_;
  std::size_t segment_;
};

}  // namespace

BundleNodes segment_apart(const std::vector<Rooms>& domains, const std::vector<Resources>& bundles, int segment) {
  return ApartSearch(domains, bundles, segment).run();
}

std::optional<std::vector<std::uint32_t>> segment_filled(const std::vector<Rooms>& domains,
                                                         const std::vector<Resources>& bundles, int segment) {
  return Filling(domains, bundles, static_cast<std::size_t>(segment)).run();
}

}  // namespace Atoll
