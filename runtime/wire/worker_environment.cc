#include "runtime/wire/worker_environment.h"

#include <array>
#include <string_view>

namespace Atoll {
namespace {

constexpr std::array<std::string_view, 14> kStepPrefixes{
    "PMIX_",        "PMI_",      "OMPI_",         "PRTE_",         "SLURM_STEP",  "SLURM_SRUN_", "SLURM_CPU_BIND",
    "SLURM_LAUNCH_NODE", "SLURM_MPI", "SLURM_DISTRIBUTION", "SLURM_PMIX", "SLURM_TASK", "SLURM_GTIDS", "ATOLL_"};
constexpr std::array<std::string_view, 12> kStepNames{
    "SLURM_PROCID", "SLURM_LOCALID",         "SLURM_NODEID",        "SLURMD_NODENAME",     "SLURM_NTASKS", "SLURM_NPROCS",
    "HOSTNAME",     "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "SLURM_TOPOLOGY_ADDR"};
// Where the node's own value is the right one.
constexpr std::array<std::string_view, 7> kNodeNames{
    "SLURM_NODEID", "SLURMD_NODENAME", "HOSTNAME", "TMPDIR", "XDG_RUNTIME_DIR", "SLURM_TOPOLOGY_ADDR", "ATOLL_TOPOLOGY"};
// What begins as one of the step's and is the program's.
constexpr std::string_view kProgramName = "ATOLL_CUDART";

template <std::size_t kSize>
bool contains(const std::array<std::string_view, kSize>& names, std::string_view name) {
  for (const std::string_view each : names)
    if (each == name) return true;
  return false;
}

bool is_of_step(std::string_view name) {
  if (name == kProgramName) return false;
  for (const std::string_view prefix : kStepPrefixes)
    if (name.starts_with(prefix)) return true;
  return contains(kStepNames, name);
}

}  // namespace

std::vector<std::string> driver_environment(const Environment& driver) {
  std::vector<std::string> entries;
  for (const auto& [name, value] : driver)
    if (!is_of_step(name) && !contains(kNodeNames, name)) entries.push_back(name + "=" + value);
  return entries;
}

Environment worker_environment(const Environment& daemon, const std::vector<std::string>& driver) {
  Environment environment;
  for (const auto& [name, value] : daemon)
    if (!is_of_step(name) || contains(kNodeNames, name)) environment[name] = value;
  for (const std::string& entry : driver) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = entry.substr(0, equals);
    if (!is_of_step(name) && !contains(kNodeNames, name)) environment[name] = entry.substr(equals + 1);
  }
  return environment;
}

}  // namespace Atoll
