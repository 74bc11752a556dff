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

// What the shell of salloc is armed with; `atoll run` and `atoll up` there need no more options.
static int arm_shell(const char* text, const struct atoll_spec* spec) {
  if (spec->off) return 0;
  if (spec->driver[0] != '\0') {
    slurm_error("--atoll: driver= is for sbatch and left out here; in salloc's shell use: atoll run -- program");
    return -1;
  }
  return setenv(ATOLL_ARMED, text[0] == '\0' ? "yes" : text, 1);
}

// The command line was read by the option's callback, which ends the command. A wrong variable is only said here: Slurm
// does not listen to an optional plugin. The job that carries it fails by it, in stepd_task_init().
int allocator_after_options(spank_t spank, const struct atoll_config* config) {
  const struct atoll_options* given = given_options();
  const char* text = given->cluster ? given->spec : config->sbatch ? getenv(ATOLL_SPEC_TWIN) : NULL;
  struct atoll_spec spec;
  char why[ATOLL_WHY_BYTES];
  (void)spank;
  unsetenv(ATOLL_ARMED);
  if (text == NULL) return 0;
  if (read_spec(text, &spec, why) != 0) {
    slurm_error("%s: %s", ATOLL_SPEC_TWIN, why);
    return -1;
  }
  return strcmp(program_invocation_short_name, "salloc") == 0 ? arm_shell(text, &spec) : 0;
}
