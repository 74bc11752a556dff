#include "launcher/doctor_facts.h"

#include <nlohmann/json.hpp>

namespace Atoll {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PlugstackLine, file, line, kind, path, arguments)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Plugstack, path, found, ours, odd_files, bad_lines)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PluginFile, name, slurm_version, build, safe)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NodeFacts::Plugin, path, why, file)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NodeFacts, node, time, atoll_version, atoll_build, has_daemon, slurm_commands,
                                   slurmd, slurmctld, in_job, plugstack, plugins, missing_programs, other_programs,
                                   srun_has_options, mpi, has_pmix_library, munge, cpus, numa_nodes, machine_why,
                                   machine_warnings, gpus, machine_is_a_file, nvml, has_nvidia_device, slurm_gpus,
                                   ports, shm_bytes, tmp_bytes, memlock, open_files)

std::string facts_to_json(const NodeFacts& facts) {
  return nlohmann::json(facts).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

Result<NodeFacts> facts_from_json(const std::string& text) {
  try {
    return nlohmann::json::parse(text).get<NodeFacts>();
  } catch (const nlohmann::json::exception& error) {
    return Status(Code::kInvalidArgument, error.what());
  }
}

}  // namespace Atoll
