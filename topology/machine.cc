#include "topology/machine.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

namespace Atoll {

namespace {

template <typename Thing>
const Thing* find_by_index(const std::vector<Thing>& things, int index) {
  const auto found =
      std::find_if(things.begin(), things.end(), [&](const Thing& thing) { return thing.index == index; });
  return found == things.end() ? nullptr : &*found;
}

// FNV-1a, 64 bits (Fowler, Noll, Vo).
class Fnv {
 public:
  void add(std::string_view text) {
    for (unsigned char c : text) hash_ = (hash_ ^ c) * 0x100000001b3ULL;
    hash_ = (hash_ ^ 0x1f) * 0x100000001b3ULL;
  }
  std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

// All of the link; GB/s to the thousandth, so that a sum in another order is no other make.
std::string describe(const Link& link) {
  return "link " + std::to_string(link.a) + " " + std::to_string(link.b) + " " +
         std::to_string(static_cast<int>(link.kind)) + (link.via_switch ? " switch " : " direct ") +
         std::to_string(link.lanes) + " " + std::to_string(std::llround(link.gbps * 1000));
}

}  // namespace

const GpuInfo* find_gpu(const Machine& machine, int index) { return find_by_index(machine.gpus, index); }

const NumaNode* find_numa(const Machine& machine, int index) { return find_by_index(machine.numa, index); }

Machine restrict_to(const Machine& machine, const std::vector<GpuInfo>& gpus) {
  Machine rest = machine;
  rest.gpus = gpus;
  std::sort(rest.gpus.begin(), rest.gpus.end(), [](const GpuInfo& x, const GpuInfo& y) { return x.index < y.index; });
  std::set<int> known;
  for (const GpuInfo& gpu : gpus)
    if (const GpuInfo* same = find_gpu(machine, gpu.index); same != nullptr && *same == gpu) known.insert(gpu.index);
  std::erase_if(rest.links, [&](const Link& link) { return !known.contains(link.a) || !known.contains(link.b); });
  if (known.empty()) rest.fabric.reset();
  return rest;
}

std::uint64_t digest(const Machine& machine) {
  Fnv fnv;
  fnv.add(to_string(machine.cpus));
  for (const NumaNode& numa : machine.numa) {
    fnv.add("numa " + std::to_string(numa.index));
    fnv.add(to_string(numa.cpus));
  }
  for (const GpuInfo& gpu : machine.gpus) {
    fnv.add("gpu " + std::to_string(gpu.index) + " " + (gpu.numa ? std::to_string(*gpu.numa) : ""));
    fnv.add(gpu.model);
  }
  for (const Link& link : machine.links) fnv.add(describe(link));
  return fnv.hash();
}

}  // namespace Atoll
