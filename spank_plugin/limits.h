#pragma once

#include <slurm/spank.h>

// Sets the soft limits that the job brought from where it was submitted (SLURM_RLIMIT_*), as slurmstepd does right
// before it executes a task; for who executes something else in its place. Takes the variables away, as it does too.
void set_limits_of_job(spank_t spank);
