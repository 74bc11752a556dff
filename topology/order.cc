// Rings: ORDER-1 of pick.h.

#include <algorithm>
#include <functional>
#include <limits>

#include "topology/pick.h"
#include "topology/ring_search.h"

namespace Atoll {

namespace {

// What no ring of three or more can exceed: every GPU has two neighbours.
std::int64_t most_possible(const GpuGraph& graph, const std::vector<int>& gpus) {
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (const int gpu : gpus) {
    std::int64_t first = 0, second = 0;
    for (const int other : gpus) {
      const std::int64_t link = graph.mbps(gpu, other);
      second = std::max(second, std::min(first, link));
      first = std::max(first, link);
    }
    most = std::min(most, second);
  }
  return most;
}

std::int64_t weakest(const GpuGraph& graph, const std::vector<int>& ring) {
  std::int64_t least = graph.mbps(ring.back(), ring.front());
  for (std::size_t i = 1; i < ring.size(); ++i) least = std::min(least, graph.mbps(ring[i - 1], ring[i]));
  return least;
}

// The different links that a ring's weakest may be, above 0 and at most `most`, strongest first.
std::vector<std::int64_t> thresholds(const GpuGraph& graph, const std::vector<int>& gpus, std::int64_t most) {
  std::vector<std::int64_t> links;
  for (const int a : gpus)
    for (const int b : gpus)
      if (const std::int64_t link = graph.mbps(a, b); a < b && link > 0 && link <= most) links.push_back(link);
  std::sort(links.begin(), links.end(), std::greater<>());
  links.erase(std::unique(links.begin(), links.end()), links.end());
  return links;
}

}  // namespace

double bottleneck(const GpuGraph& graph, const std::vector<int>& ring) {
  return ring.size() < 2 ? 0 : GpuGraph::to_gbps(weakest(graph, ring));
}

// Where links of some strength close a ring, weaker ones do too: the strongest are found by halving.
std::vector<int> order_gpus(const GpuGraph& graph, const std::vector<int>& gpus) {
  std::vector<int> best = gpus;
  std::sort(best.begin(), best.end());
  if (best.size() <= 3) return best;
  const std::int64_t most = most_possible(graph, best);
  if (weakest(graph, best) == most) return best;
  RingSearch search(graph, best);
  const std::vector<std::int64_t> links = thresholds(graph, best, most);
  for (std::size_t low = 0, high = links.size(); low < high;) {
    // The strongest is often possible: it is asked first.
    const std::size_t middle = low == 0 && high == links.size() ? 0 : low + (high - low) / 2;
    std::vector<int> ring = search.find(links[middle]);
    if (ring.empty()) {
      low = middle + 1;
    } else {
      best = std::move(ring);
      high = middle;
    }
  }
  return best;
}

}  // namespace Atoll
