// In srun: what its step is to do is decided here, and passed to slurmstepd in variables.

#include <stdlib.h>
#include <string.h>

#include "spank_plugin/context.h"
#include "spank_plugin/options.h"

static bool in_promised_job;

// Slurm gives an option of the job to each srun inside it, under this name; but not with --export=NONE before 23.11.
static bool is_in_promised_job(void) {
  const char *job = getenv("SLURM_JOB_ID"), *promised = getenv(ATOLL_JOB);
  if (getenv("SLURM_SPANK__SLURM_SPANK_OPTION_atoll_atoll") != NULL) return true;
  return job != NULL && promised != NULL && strcmp(job, promised) == 0;
}

// Before Slurm reads the options, and hands us those of the job.
int srun_init(spank_t spank, const struct atoll_config* config) {
  (void)config;
  in_promised_job = is_in_promised_job();
  register_options(spank, true);
  return 0;
}

// A cluster would be for this step alone. In a job that has its cluster an srun is a plain srun.
int srun_after_options(spank_t spank, const struct atoll_config* config) {
  (void)spank, (void)config;
  pass_options(!in_promised_job);
  return 0;
}
