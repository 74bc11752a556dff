#include "topology/islands.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace Atoll {

namespace {

// Sets of positions that grow together; the lowest position names its set.
class DisjointSets {
 public:
  explicit DisjointSets(std::size_t size) : parent_(size) { std::iota(parent_.begin(), parent_.end(), 0); }

  std::size_t find(std::size_t at) {
    while (parent_[at] != at) at = parent_[at] = parent_[parent_[at]];
    return at;
  }

  void join(std::size_t a, std::size_t b) {
    const auto [low, high] = std::minmax({find(a), find(b)});
    parent_[high] = low;
  }

 private:
  std::vector<std::size_t> parent_;
};

IslandKind kind_of(const std::vector<const Link*>& links) {
  IslandKind kind = IslandKind::kSingle;
  for (const Link* link : links) {
    if (link->via_switch) return IslandKind::kNvswitch;
    if (kind != IslandKind::kXgmi) kind = link->kind == LinkKind::kXgmi ? IslandKind::kXgmi : IslandKind::kNvlink;
  }
  return kind;
}

bool alike(const Link* a, const Link* b) {
  return a->kind == b->kind && a->via_switch == b->via_switch && a->lanes == b->lanes && a->gbps == b->gbps;
}

// What the links inside the island make of it.
void describe(Island& island, const std::vector<const Link*>& links) {
  const std::size_t size = island.gpus.size();
  island.kind = kind_of(links);
  island.clique = links.size() == size * (size - 1) / 2;
  island.uniform = island.clique && std::all_of(links.begin(), links.end(),
                                                [&](const Link* link) { return alike(link, links.front()); });
}

}  // namespace

std::vector<Island> find_islands(const Machine& machine) {
  std::vector<int> indices;
  for (const GpuInfo& gpu : machine.gpus) indices.push_back(gpu.index);
  std::sort(indices.begin(), indices.end());
  std::map<int, std::size_t> position;
  for (std::size_t at = 0; at < indices.size(); ++at) position.emplace(indices[at], at);

  DisjointSets sets(indices.size());
  for (const Link& link : machine.links) sets.join(position.at(link.a), position.at(link.b));

  std::map<std::size_t, std::vector<const Link*>> links;
  for (const Link& link : machine.links) links[sets.find(position.at(link.a))].push_back(&link);
  std::map<std::size_t, Island> islands;
  for (std::size_t at = 0; at < indices.size(); ++at) islands[sets.find(at)].gpus.push_back(indices[at]);

  std::vector<Island> found;
  for (auto& [lowest, island] : islands) {
    describe(island, links[lowest]);
    found.push_back(std::move(island));
  }
  return found;
}

const char* to_string(IslandKind kind) {
  switch (kind) {
    case IslandKind::kSingle:
      return "single";
    case IslandKind::kNvlink:
      return "nvlink";
    case IslandKind::kNvswitch:
      return "nvswitch";
    case IslandKind::kXgmi:
      return "xgmi";
  }
  return "single";
}

}  // namespace Atoll
