// In srun: what its step is to do is decided here, and passed to slurmstepd in variables. A cluster for the step is
// srun's own affair, since srun alone sees the end of all tasks.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spank_plugin/context.h"
#include "spank_plugin/keeper.h"
#include "spank_plugin/options.h"

extern char** environ;

static bool in_promised_job;
static struct atoll_keeper keeper;

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
  keeper = (struct atoll_keeper){-1, -1};
  register_options(spank, true);
  return 0;
}

// A cluster would be for this step alone. In a job that has its cluster an srun is a plain srun.
int srun_after_options(spank_t spank, const struct atoll_config* config) {
  (void)spank, (void)config;
  pass_options(!in_promised_job);
  return 0;
}

// The step is made, its tasks are not started yet. Where something is wrong they fail by it, in stepd_task_init().
int srun_user_init(spank_t spank, const struct atoll_config* config) {
  const char* text = getenv(ATOLL_PASSED_SPEC);
  struct atoll_spec spec;
  char why[ATOLL_WHY_BYTES];
  (void)spank;
  if (text == NULL || keeper.ours >= 0 || read_spec(text, &spec, why) != 0 || spec.driver[0] != '\0') return 0;
  const int error = open_keeper(&keeper);
  if (error != 0) snprintf(why, sizeof why, "--atoll: no connection to the cluster: %s", strerror(error));
  const int failed = error != 0 || start_keeper(&keeper, config, &spec, environ, why) != 0;
  leave_keeper(&keeper);
  if (failed) slurm_error("%s", why);
  return failed ? -1 : 0;
}

int srun_exit(spank_t spank, const struct atoll_config* config) {
  (void)spank;
  end_keeper(&keeper, config);
  return 0;
}
