#pragma once

#include <cmath>

#include "runtime/base/check.h"
#include "topology/machine.h"

// Ends the program if a machine that was read from whatever bytes breaks what machine.h promises.
inline void check_invariants(const Atoll::Machine& machine) {
  using namespace Atoll;
  ATOLL_CHECK(machine.synthetic);
  for (std::size_t i = 0; i < machine.gpus.size(); ++i) {
    ATOLL_CHECK(machine.gpus[i].index >= 0, machine.gpus[i].index);
    if (i > 0) ATOLL_CHECK(machine.gpus[i - 1].index < machine.gpus[i].index, i);
    if (machine.gpus[i].numa) ATOLL_CHECK(find_numa(machine, *machine.gpus[i].numa) != nullptr, i);
  }
  for (std::size_t i = 0; i < machine.links.size(); ++i) {
    const Link& link = machine.links[i];
    ATOLL_CHECK(link.a < link.b, link.a, link.b);
    ATOLL_CHECK(find_gpu(machine, link.a) != nullptr && find_gpu(machine, link.b) != nullptr, link.a, link.b);
    ATOLL_CHECK(link.lanes > 0, link.lanes);
    ATOLL_CHECK(std::isfinite(link.gbps) && link.gbps > 0, link.gbps);
    if (i == 0) continue;
    const Link& before = machine.links[i - 1];
    ATOLL_CHECK(before.a < link.a || (before.a == link.a && before.b < link.b), link.a, link.b);
  }
  for (std::size_t i = 1; i < machine.nics.size(); ++i) ATOLL_CHECK(machine.nics[i - 1].name < machine.nics[i].name, i);
  for (const Nic& nic : machine.nics)
    if (nic.numa) ATOLL_CHECK(find_numa(machine, *nic.numa) != nullptr, nic.name);
  for (std::size_t i = 1; i < machine.numa.size(); ++i)
    ATOLL_CHECK(machine.numa[i - 1].index < machine.numa[i].index, i);
  if (machine.fabric) ATOLL_CHECK(machine.fabric->uuid.find_first_not_of("0-") != std::string::npos);
}
