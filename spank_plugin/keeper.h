#pragma once

#include <slurm/spank.h>

#include "spank_plugin/config.h"
#include "spank_plugin/spec.h"

// The cluster of a batch script or a step, from slurmstepd's side. `atoll up` brings it up in the background, in a
// task_init; a socket pair joins it to slurmstepd: when our end closes, however slurmstepd ends, it ends the cluster
// and itself, and its own end closes with it.
struct atoll_keeper {
  int ours, theirs;  // -1 when closed
};

// Before the tasks are forked. Returns 0 or an errno.
int open_keeper(struct atoll_keeper* keeper);

// In the task: starts `atoll up` with the task's environment. Returns 0, or -1 with a sentence in `why`.
int start_keeper(spank_t spank, const struct atoll_keeper* keeper, const struct atoll_config* config,
                 const struct atoll_spec* spec, char why[ATOLL_WHY_BYTES]);

// In slurmstepd, when the tasks are forked.
void leave_keeper_to_task(struct atoll_keeper* keeper);

// In slurmstepd: ends the cluster and waits, at most config->stop_timeout, until it has ended.
void end_keeper(struct atoll_keeper* keeper, const struct atoll_config* config);

// In the task of a batch script: `atoll run -- driver` in the script's place. Where Slurm can change a task's command
// it is asked to; else this does not return when it succeeds. Returns 0, or -1 with a sentence in `why`.
int run_driver(spank_t spank, const struct atoll_config* config, const struct atoll_spec* spec,
               char why[ATOLL_WHY_BYTES]);
