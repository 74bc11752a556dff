#pragma once

#include <slurm/spank.h>

#include "spank_plugin/config.h"

// What the plugin does in each of the programs that load it; one file each. They are called by dispatch.c alone, which
// also keeps the site's settings.

// srun.
int srun_init(spank_t spank, const struct atoll_config* config);
int srun_after_options(spank_t spank, const struct atoll_config* config);
int srun_user_init(spank_t spank, const struct atoll_config* config);
int srun_exit(spank_t spank, const struct atoll_config* config);

// sbatch and salloc.
int allocator_init(spank_t spank, const struct atoll_config* config);
int allocator_after_options(spank_t spank, const struct atoll_config* config);

// slurmstepd: as root, but for user_init (as the user) and task_init (in the task, as the user). Nothing fails before
// task_init.
int stepd_init(spank_t spank, const struct atoll_config* config);
int stepd_user_init(spank_t spank, const struct atoll_config* config);
int stepd_task_init(spank_t spank, const struct atoll_config* config);
int stepd_task_post_fork(spank_t spank, const struct atoll_config* config);
int stepd_task_exit(spank_t spank, const struct atoll_config* config);
int stepd_exit(spank_t spank, const struct atoll_config* config);
