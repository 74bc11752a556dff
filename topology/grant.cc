#include "topology/grant.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "topology/granted_gpus.h"

namespace Atoll {

namespace {

constexpr long kMostCpus = 1 << 16;
constexpr std::uint64_t kMiB = 1 << 20;

// Takes a whole number off the front of `text`; -1 if there is none.
long take_number(std::string_view& text) {
  long number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return -1;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// The entry for node `node` of a list such as "8(x4),2"; -1 if it has none or is no such list.
long entry_for_node(std::string_view list, long node) {
  for (long first = 0; !list.empty();) {
    const long value = take_number(list);
    const long times = take(list, "(x") ? take_number(list) : 1;
    if (list.starts_with(")")) list.remove_prefix(1);
    if (value < 0 || times < 1 || (!list.empty() && !take(list, ","))) return -1;
    if (node < first + times) return value;
    first += times;
  }
  return -1;
}

// How many CPUs Slurm says this step has on this node; -1 if it does not say.
long slurm_cpus(const Environment& environment) {
  const long here = lookup_number(environment, "SLURM_CPUS_ON_NODE");
  if (here > 0) return here;
  const long node = std::max(0L, lookup_number(environment, "SLURM_NODEID"));
  return entry_for_node(lookup(environment, "SLURM_JOB_CPUS_PER_NODE"), node);
}

int granted_cpus(const Environment& environment, const Machine& machine) {
  const long allowed = static_cast<long>(machine.cpus.size());
  long cpus = slurm_cpus(environment);
  if (cpus <= 0 || cpus > kMostCpus) cpus = allowed;
  if (machine.cpus_set_by_slurm) cpus = std::min(cpus, allowed);
  return static_cast<int>(cpus);
}

// A number of MiB; -1 if neither Slurm nor the launcher gives it. Slurm's variables do not reach the tasks of a step by
// themselves, and the launcher has to take them away from srun: so it passes them on under names of our own.
long mebibytes(const Environment& environment, const std::string& what) {
  const long own = lookup_number(environment, "ATOLL_MEM_PER_" + what);
  return std::min(own >= 0 ? own : lookup_number(environment, "SLURM_MEM_PER_" + what), 1L << 32);
}

// 0 if Slurm does not say, or says "all".
std::uint64_t slurm_memory(const Environment& environment, int cpus, std::size_t gpus) {
  const auto bytes = [](long number, std::size_t times) { return static_cast<std::uint64_t>(number) * times * kMiB; };
  if (const long node = mebibytes(environment, "NODE"); node >= 0) return bytes(node, 1);
  if (const long cpu = mebibytes(environment, "CPU"); cpu >= 0) return bytes(cpu, static_cast<std::size_t>(cpus));
  if (const long gpu = mebibytes(environment, "GPU"); gpu >= 0) return bytes(gpu, gpus);
  return 0;
}

void warn_of_memory(NodeGrant& grant, const Machine& machine) {
  if (machine.synthetic || machine.memory == 0 || grant.memory <= machine.memory) return;
  grant.warnings.push_back("Slurm granted " + std::to_string(grant.memory / kMiB) + " MiB of memory on " +
                           machine.name + ", which has or may use " + std::to_string(machine.memory / kMiB) + " MiB");
}

}  // namespace

NodeGrant whole_machine(const Machine& machine) {
  const CpuList ids = machine.synthetic ? CpuList() : machine.cpus;
  return {static_cast<int>(machine.cpus.size()), ids, machine.memory, machine.gpus, {}};
}

NodeGrant granted_resources(const Environment& environment, const Machine& machine) {
  const bool in_slurm = environment.contains("SLURM_JOB_ID");
  NodeGrant grant = whole_machine(machine);
  grant.gpus = granted_gpus(environment, machine, in_slurm, grant.warnings);
  if (!in_slurm) return grant;
  grant.cpus = granted_cpus(environment, machine);
  const std::uint64_t memory = slurm_memory(environment, grant.cpus, grant.gpus.size());
  if (memory != 0) grant.memory = memory;
  warn_of_memory(grant, machine);
  return grant;
}

}  // namespace Atoll
