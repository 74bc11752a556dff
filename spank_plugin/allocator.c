// In sbatch and salloc: a wrong value is refused before there is a job; the shell of salloc is armed.

#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spank_plugin/context.h"
#include "spank_plugin/options.h"

int allocator_init(spank_t spank, const struct atoll_config* config) {
  register_options(spank, config->sbatch);
  return 0;
}

// What `atoll run` and `atoll up` take for their options, atoll-run(1); and that it was us who set them.
static const char kArmed[] = "ATOLL_ARMED";

static void arm(const char* name, const char* value) {
  if (value[0] != '\0') setenv(name, value, 1);
}

static int arm_shell(const struct atoll_spec* spec) {
  if (spec->driver[0] != '\0') {
    slurm_error("--atoll: driver= is for sbatch and left out here; in salloc's shell use: atoll run -- program");
    return -1;
  }
  setenv(kArmed, "yes", 1);
  arm("ATOLL_RUN_NODES", spec->nodes);
  arm("ATOLL_RUN_NAME", spec->name);
  arm("ATOLL_RUN_HEAD", spec->head);
  arm("ATOLL_RUN_OBJECT_MEMORY", spec->object_memory);
  arm("ATOLL_RUN_SPILL_FOLDER", spec->spill_folder);
  arm("ATOLL_RUN_SPILL_LIMIT", spec->spill_limit);
  arm("ATOLL_RUN_KEEP_LOGS", spec->keep_logs);
  arm("ATOLL_RUN_METRICS", spec->metrics);
  arm("ATOLL_RUN_TIMELINE_RATE", spec->timeline_rate);
  arm("ATOLL_RUN_LOG_LEVEL", spec->log_level);
  return 0;
}

// A job that is submitted from an armed shell is another job.
static void disarm(void) {
  static const char* const kNames[] = {"ATOLL_RUN_NODES",         "ATOLL_RUN_NAME",         "ATOLL_RUN_HEAD",
                                       "ATOLL_RUN_OBJECT_MEMORY", "ATOLL_RUN_SPILL_FOLDER", "ATOLL_RUN_SPILL_LIMIT",
                                       "ATOLL_RUN_KEEP_LOGS",     "ATOLL_RUN_METRICS",      "ATOLL_RUN_TIMELINE_RATE",
                                       "ATOLL_RUN_LOG_LEVEL",     kArmed};
  if (getenv(kArmed) == NULL) return;
  for (size_t i = 0; i < sizeof kNames / sizeof kNames[0]; ++i) unsetenv(kNames[i]);
}

// A wrong option was refused by its callback. A wrong variable is only said here, since Slurm does not listen to an
// optional plugin; the job fails by it, in stepd_task_init().
int allocator_after_options(spank_t spank, const struct atoll_config* config) {
  const bool is_salloc = strcmp(program_invocation_short_name, "salloc") == 0;
  struct atoll_spec spec;
  char why[ATOLL_WHY_BYTES];
  bool is_wanted;
  const char* text = wanted_spec(&is_wanted);
  (void)spank;
  disarm();
  pass_options(config->sbatch && !is_salloc);
  if (!config->sbatch || !is_wanted) return 0;
  if (read_spec(text, &spec, why) != 0) {
    slurm_error("%s: %s", ATOLL_SPEC_TWIN, why);
    return -1;
  }
  return is_salloc ? arm_shell(&spec) : 0;
}
