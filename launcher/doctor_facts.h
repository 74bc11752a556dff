#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launcher/plugin_file.h"
#include "launcher/plugstack.h"
#include "runtime/base/status.h"

namespace Atoll {

// What `atoll doctor` sees on one node, without judging it. Texts are "" and numbers -1 where nothing could be learned.
struct NodeFacts {
  std::string node;
  double time = 0;  // seconds of the epoch, by the node's clock, when it was looked
  // By the clock of who asked, just before and after; of no interest to others, so not in the JSON.
  double asked = 0, heard = 0;

  std::string atoll_version, atoll_build;
  bool has_daemon = false;  // atolld beside atoll

  std::string slurm_commands;  // "22.05.8": of this node's srun
  std::string slurmd;          // of this node's slurmd, where there is one
  std::string slurmctld;       // of the controller
  bool in_job = false;         // looked from a step, which may see less than the node has

  Plugstack plugstack;
  struct Plugin {
    std::string path;  // that of a line of plugstack.conf, with the folder where Slurm finds it
    std::string why;   // it could not be read; "" if it was
    PluginFile file;
  };
  std::vector<Plugin> plugins;                // those of plugstack.ours, in their order
  std::vector<std::string> missing_programs;  // of the settings atoll=PATH: that cannot be executed here,
  std::vector<std::string> other_programs;    // and that are another build than this atoll
  bool srun_has_options = false;              // srun --help names --atoll

  std::vector<std::string> mpi;  // that srun --mpi=list names
  bool has_pmix_library = false;
  std::string munge;  // why a credential cannot be sealed and opened; "" if it can

  int cpus = -1, numa_nodes = -1;  // that hwloc sees
  std::string machine_why;         // the machine could not be read
  std::vector<std::string> machine_warnings;
  int gpus = -1;                   // that the machine shows to us
  bool machine_is_a_file = false;  // ATOLL_TOPOLOGY
  std::string nvml;                // why NVML cannot be used; "" if it can
  bool has_nvidia_device = false;  // /dev/nvidiactl
  int slurm_gpus = -1;             // of Slurm's Gres of this node
  std::vector<std::string> ports;  // of InfiniBand and RoCE: "mlx5_0:1 ACTIVE InfiniBand"

  std::int64_t shm_bytes = -1, tmp_bytes = -1;  // free ones
  std::int64_t memlock = -1,
               open_files = -1;  // hard limits, since srun passes on its caller's soft ones; -2 is unlimited
};

// One line of JSON in ASCII, and back. kInvalidArgument for what is none.
std::string facts_to_json(const NodeFacts& facts);
Result<NodeFacts> facts_from_json(const std::string& text);

}  // namespace Atoll
