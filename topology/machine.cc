#include "topology/machine.h"

#include <algorithm>
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

}  // namespace

const GpuInfo* find_gpu(const Machine& machine, int index) { return find_by_index(machine.gpus, index); }

const NumaNode* find_numa(const Machine& machine, int index) { return find_by_index(machine.numa, index); }

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
  return fnv.hash();
}

}  // namespace Atoll
