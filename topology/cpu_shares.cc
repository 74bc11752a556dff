#include "topology/cpu_shares.h"

#include <algorithm>

namespace Atoll {

namespace {

// Where part `part` of `parts` begins among `count` things.
std::size_t begin_of(std::size_t part, std::size_t parts, std::size_t count) { return part * count / parts; }

bool is_home(const std::vector<int>& homes, int numa) {
  return std::find(homes.begin(), homes.end(), numa) != homes.end();
}

void add(const CpuList& cpus, CpuShare& share) {
  share.cpus = unite(share.cpus, cpus);
  ++share.cores;
}

// The pool's part `part` of `parts`.
void add_part(const CpuPool& pool, std::size_t part, std::size_t parts, CpuShare& share) {
  std::vector<CpuList> units = pool.cores;
  if (units.size() < parts) {
    units.clear();
    for (const CpuList& core : pool.cores)
      for (const int cpu : core) units.push_back({cpu});
  }
  const std::size_t first = begin_of(part, parts, units.size());
  const std::size_t end = std::max(first + 1, begin_of(part + 1, parts, units.size()));
  for (std::size_t i = first; i < end; ++i) add(units[i], share);
}

// The place in `pools` of the processor that `position` counts over all of them.
std::size_t pool_at(const std::vector<CpuPool>& pools, std::size_t position) {
  std::size_t i = 0;
  for (; i + 1 < pools.size() && position >= pools[i].processors(); ++i) position -= pools[i].processors();
  return i;
}

}  // namespace

std::size_t CpuPool::processors() const {
  std::size_t count = 0;
  for (const CpuList& core : cores) count += core.size();
  return count;
}

std::vector<CpuPool> find_pools(const Machine& machine, const CpuList& granted, const std::vector<CpuList>& cores) {
  std::vector<CpuPool> pools;
  for (const NumaNode& node : machine.numa) {
    CpuList left = intersect(node.cpus, granted);
    if (left.empty()) continue;
    CpuPool pool{node.index, {}};
    for (const CpuList& core : cores) {
      CpuList mine = intersect(core, left);
      if (mine.empty()) continue;
      std::erase_if(left, [&](int cpu) { return std::binary_search(mine.begin(), mine.end(), cpu); });
      pool.cores.push_back(std::move(mine));
    }
    for (const int cpu : left) pool.cores.push_back({cpu});
    std::sort(pool.cores.begin(), pool.cores.end());
    pools.push_back(std::move(pool));
  }
  return pools;
}

Homes divide_evenly(const std::vector<int>& nodes, int tasks) {
  const auto n = static_cast<std::size_t>(tasks);
  Homes homes;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t first = begin_of(i, n, nodes.size());
    const std::size_t end = std::max(first + 1, begin_of(i + 1, n, nodes.size()));
    homes.emplace_back(nodes.begin() + static_cast<std::ptrdiff_t>(first),
                       nodes.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return homes;
}

Homes fill_nodes(const std::vector<CpuPool>& pools, int tasks, int cpus) {
  std::size_t total = 0;
  for (const CpuPool& pool : pools) total += pool.processors();
  const auto n = static_cast<std::size_t>(tasks), wanted = static_cast<std::size_t>(std::max(cpus, 0));
  const bool fits = wanted > 0 && wanted <= total / n;
  const std::size_t size = fits ? wanted : std::max<std::size_t>(1, total / n);
  Homes homes;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t start = fits ? i * wanted : begin_of(i, n, total);
    const std::size_t first = pool_at(pools, start);
    const std::size_t last = size <= pools[first].processors() ? first : pool_at(pools, start + size - 1);
    homes.emplace_back();
    for (std::size_t j = first; j <= last; ++j) homes.back().push_back(pools[j].numa);
  }
  return homes;
}

Homes go_round(const std::vector<int>& nodes, int tasks) {
  if (static_cast<std::size_t>(tasks) < nodes.size()) return divide_evenly(nodes, tasks);
  Homes homes;
  for (std::size_t i = 0; i < static_cast<std::size_t>(tasks); ++i) homes.push_back({nodes[i % nodes.size()]});
  return homes;
}

std::vector<CpuShare> share_cpus(const std::vector<CpuPool>& pools, const Homes& homes, bool exclusive) {
  std::vector<CpuShare> shares(homes.size());
  for (const CpuPool& pool : pools) {
    std::vector<std::size_t> users;
    for (std::size_t i = 0; i < homes.size(); ++i)
      if (is_home(homes[i], pool.numa)) users.push_back(i);
    for (std::size_t i = 0; i < users.size(); ++i)
      add_part(pool, exclusive ? i : 0, exclusive ? users.size() : 1, shares[users[i]]);
  }
  return shares;
}

}  // namespace Atoll
