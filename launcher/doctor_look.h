#pragma once

#include <string>
#include <string_view>

#include "launcher/doctor_facts.h"
#include "runtime/base/environment.h"

namespace Atoll {

// Looks at this host: starts srun and scontrol, each for at most 5 s, and changes nothing. Takes some 0.2 s.
NodeFacts look_at_this_node(const Environment& environment);

// Seconds of the epoch, by this host's clock.
double seconds_of_epoch();

// The number in "slurm-wlm 22.05.8" or "slurm 24.11.5", which Slurm's commands print, may be after complaints; "" if
// there is none.
std::string parse_slurm_version(std::string_view text);

// The value of "KEY = VALUE" in what `scontrol show config` and `scontrol show slurmd` print; "" when there is none.
std::string config_value(std::string_view text, std::string_view key);

// GPUs in a node's Gres: "gpu:8", "gpu:a100:4(S:0-1),gpu:v100:2", "(null)".
int gpus_of_gres(std::string_view gres);

}  // namespace Atoll
