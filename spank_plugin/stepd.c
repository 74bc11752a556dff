// In slurmstepd. All that can fail is noted and said in task_init: an error there is the task's own, and drains no
// node.

#include <limits.h>
#include <slurm/slurm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank_plugin/bind.h"
#include "spank_plugin/context.h"
#include "spank_plugin/keeper.h"
#include "spank_plugin/options.h"

// What this slurmstepd is to do; decided in user_init, before the tasks are forked.
static struct {
  bool batch;    // this is the batch script's step
  bool cluster;  // the job or step has one
  bool bind;
  struct atoll_spec spec;
  struct atoll_bind binding;
  char bind_steps[32];  // of a batch script: for the sruns inside it
  char topology[PATH_MAX];
  char why[ATOLL_WHY_BYTES];  // the tasks must not run; "" if they may
  uint32_t tasks;             // on this node
  struct atoll_keeper keeper;
  struct atoll_board* board;
} step;

int stepd_init(spank_t spank, const struct atoll_config* config) {
  (void)config;
  memset(&step, 0, sizeof step);
  step.keeper.ours = step.keeper.theirs = -1;
  register_options(spank, true);
  return 0;
}

// The job's variable; "" when it has none.
static void read_variable(spank_t spank, const char* name, char* value, size_t size) {
  if (spank_getenv(spank, name, value, (int)size) != ESPANK_SUCCESS) value[0] = '\0';
}

static uint32_t number_of(spank_t spank, spank_item_t item) {
  uint32_t value = 0;
  return spank_get_item(spank, item, &value) == ESPANK_SUCCESS ? value : 0;
}

static void check_nodes(spank_t spank, const struct atoll_config* config) {
  char nodes[16];
  read_variable(spank, "SLURM_JOB_NUM_NODES", nodes, sizeof nodes);
  const unsigned long wanted = strtoul(step.spec.nodes[0] != '\0' ? step.spec.nodes : nodes, NULL, 10);
  if (config->max_nodes > 0 && wanted > config->max_nodes)
    snprintf(step.why, sizeof step.why, "--atoll: this site allows clusters of %u nodes, not %lu; give it nodes=%u",
             config->max_nodes, wanted, config->max_nodes);
}

static void plan_cluster(spank_t spank, const struct atoll_config* config, const char* text) {
  if (read_spec(text, &step.spec, step.why) != 0 || step.spec.off) return;
  step.why[0] = '\0';
  step.cluster = true;
  check_nodes(spank, config);
}

// The script of a batch job: the option came with it, or was passed on by sbatch, or the user's variable is there.
static void plan_batch(spank_t spank, const struct atoll_config* config) {
  const struct atoll_options* given = given_options();
  char text[ATOLL_SPEC_BYTES];
  if (!config->sbatch) return;
  // sbatch took it: its plugin knows more than this node's.
  if (given->why[0] != '\0') {
    snprintf(step.why, sizeof step.why, "%s", given->why);
    return;
  }
  snprintf(text, sizeof text, "%s", given->spec);
  if (!given->cluster) read_variable(spank, ATOLL_PASSED_SPEC, text, sizeof text);
  if (!given->cluster && text[0] == '\0') read_variable(spank, ATOLL_SPEC_TWIN, text, sizeof text);
  if (given->cluster || text[0] != '\0') plan_cluster(spank, config, text);
  read_variable(spank, ATOLL_PASSED_TOPOLOGY, step.topology, sizeof step.topology);
  read_variable(spank, ATOLL_PASSED_BIND, step.bind_steps, sizeof step.bind_steps);
}

// A step of srun, which has decided, and starts the step's cluster itself.
static void plan_step(spank_t spank, const struct atoll_config* config) {
  char text[ATOLL_SPEC_BYTES];
  read_variable(spank, ATOLL_PASSED_TOPOLOGY, step.topology, sizeof step.topology);
  read_variable(spank, ATOLL_PASSED_BIND, text, sizeof text);
  if (text[0] != '\0' && read_bind(text, &step.binding, step.why) == 0)
    step.bind = strcmp(step.binding.mode, "none") != 0;
  read_variable(spank, ATOLL_PASSED_SPEC, text, sizeof text);
  if (text[0] == '\0') return;
  plan_cluster(spank, config, text);
  if (step.spec.driver[0] != '\0')
    snprintf(step.why, sizeof step.why, "--atoll: driver= is for sbatch; srun has its program already");
}

int stepd_user_init(spank_t spank, const struct atoll_config* config) {
  const uint32_t id = number_of(spank, S_JOB_STEPID);
  if (id == SLURM_EXTERN_CONT || id == SLURM_INTERACTIVE_STEP) return 0;
  step.batch = id == SLURM_BATCH_SCRIPT;
  step.tasks = number_of(spank, S_JOB_LOCAL_TASK_COUNT);
  if (step.batch)
    plan_batch(spank, config);
  else
    plan_step(spank, config);
  if (step.bind) step.board = open_board();
  if (step.batch && step.cluster && step.spec.driver[0] == '\0') {
    const int error = open_keeper(&step.keeper);
    if (error != 0) snprintf(step.why, sizeof step.why, "--atoll: no connection to the cluster: %s", strerror(error));
  }
  return 0;
}

// Only this task's process sees it.
static void set_variables(spank_t spank) {
  char job[16];
  if (step.topology[0] != '\0') spank_setenv(spank, ATOLL_TOPOLOGY_TWIN, step.topology, 1);
  if (step.bind_steps[0] != '\0') spank_setenv(spank, ATOLL_BIND_TWIN, step.bind_steps, 1);
  // They are for this step alone, not for an srun inside it.
  spank_unsetenv(spank, ATOLL_PASSED_SPEC);
  spank_unsetenv(spank, ATOLL_PASSED_BIND);
  spank_unsetenv(spank, ATOLL_PASSED_TOPOLOGY);
  if (!step.cluster) return;
  spank_unsetenv(spank, ATOLL_SPEC_TWIN);
  read_variable(spank, "SLURM_JOB_ID", job, sizeof job);
  spank_setenv(spank, ATOLL_JOB, job, 1);
}

// Beside the script, or in its place.
static int start_cluster(spank_t spank, const struct atoll_config* config) {
  char** environment = NULL;
  if (!step.batch || !step.cluster) return 0;
  if (step.spec.driver[0] != '\0') return run_driver(spank, config, &step.spec, step.why);
  // Not our own environment, which is slurmstepd's: with that one srun would ask for a second allocation.
  if (spank_get_item(spank, S_JOB_ENV, &environment) == ESPANK_SUCCESS)
    return start_keeper(&step.keeper, config, &step.spec, environment, step.why);
  snprintf(step.why, sizeof step.why, "--atoll: Slurm does not tell the job's environment");
  return -1;
}

// The task's end, in its own words. An optional plugin's return value is not listened to, so the task ends here.
static void fail_task(void) {
  dprintf(2, "atoll: %s\n", step.why);
  _exit(1);
}

int stepd_task_init(spank_t spank, const struct atoll_config* config) {
  int task = 0;
  if (step.why[0] != '\0') fail_task();
  if (!step.cluster && !step.bind && step.bind_steps[0] == '\0' && step.topology[0] == '\0') return 0;
  spank_get_item(spank, S_TASK_ID, &task);
  set_variables(spank);
  if (step.bind) bind_task(spank, step.board, config, &step.binding, (unsigned)task, step.tasks);
  if (start_cluster(spank, config) != 0) fail_task();
  return 0;
}

int stepd_task_post_fork(spank_t spank, const struct atoll_config* config) {
  (void)spank, (void)config;
  leave_keeper(&step.keeper);
  return 0;
}

int stepd_task_exit(spank_t spank, const struct atoll_config* config) {
  (void)spank;
  end_keeper(&step.keeper, config);
  return 0;
}

int stepd_exit(spank_t spank, const struct atoll_config* config) {
  (void)spank;
  end_keeper(&step.keeper, config);
  close_board(step.board);
  step.board = NULL;
  return 0;
}
