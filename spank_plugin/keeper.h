#pragma once

#include <slurm/spank.h>

#include "spank_plugin/config.h"
#include "spank_plugin/spec.h"

// The cluster of a batch script, from slurmstepd's side, or of a step, from srun's. `atoll up` brings it up in the
// background; a socket pair joins it to us: when our end closes, however we end, it ends the cluster and itself, and
// its own end closes with it.
struct atoll_keeper {
  int ours, theirs;  // -1 when closed
};

// Returns 0 or an errno. In slurmstepd before the tasks are forked, since a task starts `atoll up`.
int open_keeper(struct atoll_keeper* keeper);

// Starts `atoll up` with this environment. Returns 0, or -1 with a sentence in `why`.
int start_keeper(const struct atoll_keeper* keeper, const struct atoll_config* config, const struct atoll_spec* spec,
                 char* const environment[], char why[ATOLL_WHY_BYTES]);

// When it is started: `atoll up` alone has its end.
void leave_keeper(struct atoll_keeper* keeper);

// Ends the cluster and waits, at most config->stop_timeout, until it has ended.
void end_keeper(struct atoll_keeper* keeper, const struct atoll_config* config);

// In the task of a batch script: `atoll run -- driver` in the script's place. Where Slurm can change a task's command
// it is asked to; else this does not return when it succeeds. Returns 0, or -1 with a sentence in `why`.
int run_driver(spank_t spank, const struct atoll_config* config, const struct atoll_spec* spec,
               char why[ATOLL_WHY_BYTES]);
