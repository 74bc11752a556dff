// In srun: what its step is to do is decided here, and passed to slurmstepd in variables.

#include <stdlib.h>
#include <string.h>

#include "spank_plugin/context.h"
#include "spank_plugin/options.h"

// Where Slurm keeps an option that the job was given, for the sruns inside it.
static const char kCarried[] = "SLURM_SPANK__SLURM_SPANK_OPTION_atoll_atoll";
static bool carried;

int srun_init(spank_t spank, const struct atoll_config* config) {
  (void)config;
  carried = getenv(kCarried) != NULL;
  register_options(spank, true);
  return 0;
}

static void pass(const char* name, const char* value) {
  if (value == NULL || value[0] == '\0')
    unsetenv(name);
  else
    setenv(name, value, 1);
}

// The option, else the user's variable; "" for neither.
static const char* wanted(bool given, const char* value, const char* twin) {
  const char* variable = getenv(twin);
  return given ? value : variable != NULL ? variable : "";
}

// A cluster for this step alone. In a job that has its cluster every srun carries --atoll again, and is a plain srun. A
// wrong variable is passed on too: the step fails by it, in stepd_task_init().
static void pass_cluster(const struct atoll_options* given) {
  const char* text = wanted(given->cluster, given->spec, ATOLL_SPEC_TWIN);
  const bool plain = carried || (!given->cluster && text[0] == '\0') || strcmp(text, "no") == 0;
  pass(ATOLL_PASSED_SPEC, plain ? NULL : text[0] == '\0' ? "yes" : text);
}

int srun_after_options(spank_t spank, const struct atoll_config* config) {
  const struct atoll_options* given = given_options();
  (void)spank, (void)config;
  pass(ATOLL_PASSED_BIND, wanted(given->bind, given->binding, ATOLL_BIND_TWIN));
  pass(ATOLL_PASSED_TOPOLOGY, given->topology ? given->topology_file : NULL);
  pass_cluster(given);
  return 0;
}
