// The SPANK plugin of Atoll: the functions that Slurm calls. It decides nothing: it registers options, records them,
// sets environment and starts `atoll`; spank_atoll(8). Only libc is linked, no thread started, no lock held over a
// fork.

#include <slurm/spank.h>
#include <stddef.h>

#include "spank_plugin/context.h"

SPANK_PLUGIN(atoll, 1)

static struct atoll_config config;

static void say_to_log(const char* sentence) { slurm_error("%s", sentence); }
static void keep_quiet(const char* sentence) { (void)sentence; }

// What one kind of program does; NULL for nothing.
typedef int part(spank_t spank, const struct atoll_config* config);

static int call(spank_t spank, part* in_srun, part* in_allocator, part* in_stepd) {
  part* wanted = NULL;
  if (!config.enabled) return 0;
  switch (spank_context()) {
    case S_CTX_LOCAL:
      wanted = in_srun;
      break;
    case S_CTX_ALLOCATOR:
      wanted = in_allocator;
      break;
    case S_CTX_REMOTE:
      wanted = in_stepd;
      break;
    default:
      break;
  }
  return wanted == NULL ? 0 : wanted(spank, &config);
}

int slurm_spank_init(spank_t spank, int argc, char** argv) {
  // slurmd's log is where the admin looks; users need not hear it from each srun.
  read_config(argc, argv, &config, spank_context() == S_CTX_SLURMD ? say_to_log : keep_quiet);
  return call(spank, srun_init, allocator_init, stepd_init);
}

int slurm_spank_init_post_opt(spank_t spank, int argc, char** argv) {
  (void)argc, (void)argv;
  return call(spank, srun_after_options, allocator_after_options, NULL);
}

int slurm_spank_local_user_init(spank_t spank, int argc, char** argv) {
  (void)argc, (void)argv;
  return call(spank, srun_user_init, NULL, NULL);
}

int slurm_spank_user_init(spank_t spank, int argc, char** argv) {
  (void)argc, (void)argv;
  return call(spank, NULL, NULL, stepd_user_init);
}

int slurm_spank_task_init(spank_t spank, int argc, char** argv) {
  (void)argc, (void)argv;
  return call(spank, NULL, NULL, stepd_task_init);
}

int slurm_spank_task_post_fork(spank_t spank, int argc, char** argv) {
  (void)argc, (void)argv;
  return call(spank, NULL, NULL, stepd_task_post_fork);
}

int slurm_spank_task_exit(spank_t spank, int argc, char** argv) {
  (void)argc, (void)argv;
  return call(spank, NULL, NULL, stepd_task_exit);
}

int slurm_spank_exit(spank_t spank, int argc, char** argv) {
  (void)argc, (void)argv;
  return call(spank, srun_exit, NULL, stepd_exit);
}

// Slurm 20.02 calls slurm_spank_init in slurmd only where this is.
int slurm_spank_slurmd_exit(spank_t spank, int argc, char** argv) {
  (void)spank, (void)argc, (void)argv;
  return 0;
}
