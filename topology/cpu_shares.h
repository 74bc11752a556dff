#pragma once

#include <vector>

#include "topology/machine.h"

namespace Atoll {

// The granted CPUs of a NUMA node, by core; at least one.
struct CpuPool {
  int numa = 0;
  std::vector<CpuList> cores;
  std::size_t processors() const;
  friend bool operator==(const CpuPool&, const CpuPool&) = default;
};

// The `granted` CPUs of the machine by NUMA node, those without any left out. `cores` are the processors of one core
// each; a processor in none of them is a core of its own.
std::vector<CpuPool> find_pools(const Machine& machine, const CpuList& granted, const std::vector<CpuList>& cores);

// The NUMA nodes of each task.
using Homes = std::vector<std::vector<int>>;

// Divides the tasks over `nodes` (at least one) evenly and in order; with fewer tasks than nodes, the nodes over the
// tasks.
Homes divide_evenly(const std::vector<int>& nodes, int tasks);
// Fills one node after another, each task counting as `cpus` processors, or if that is 0 or more than there are, as its
// part of all. A task that no node holds has all nodes that it reaches into.
Homes fill_nodes(const std::vector<CpuPool>& pools, int tasks, int cpus);
// Round robin; with fewer tasks than nodes as divide_evenly.
Homes go_round(const std::vector<int>& nodes, int tasks);

// What a task runs on.
struct CpuShare {
  CpuList cpus;
  int cores = 0;  // of these, whole or not
  friend bool operator==(const CpuShare&, const CpuShare&) = default;
};

// Each pool divided evenly among the tasks that have it as a home: whole cores if there are enough, else processors,
// and if these are too few, tasks share one. Not `exclusive`: all of its homes' CPUs for each task.
std::vector<CpuShare> share_cpus(const std::vector<CpuPool>& pools, const Homes& homes, bool exclusive);

}  // namespace Atoll
