#pragma once

// What the scenarios of `live` are made of: a program of Slurm that has loaded the plugin, lived through call by call
// in Slurm's order.

#include <slurm/spank.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "tests/plugin/slurm_stubs.h"

#define EXPECT(what)                                                     \
  do {                                                                   \
    if (!(what)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
      return false;                                                      \
    }                                                                    \
  } while (false)

// An option as a user gives it; the last of an array is {NULL, NULL}. A value of NULL: the option came without.
struct given {
  const char *name, *value;
};

struct live {
  void* plugin;
  const char* self;         // the full path of this program, which is also the stand-in of atoll (stand_in.h)
  char atoll[4200];         // "atoll=" and that path
  const char* settings[8];  // of plugstack.conf, behind the first, which is `atoll`; ends with NULL
  char report[32];          // the path of a file in which the stand-in tells what it was given
  int lowest, highest;      // of all codes that callbacks have returned
};

typedef bool scenario_body(struct live* live);
struct named_scenario {
  const char* sentence;
  scenario_body* run;
};
extern const struct named_scenario option_scenarios[], program_scenarios[];  // end with {NULL, NULL}

// Calls a callback as Slurm does: one that the plugin does not have is no error. Returns its code.
int call(struct live* live, const char* name);

// Begins a program: init, the options, init_post_opt. As in Slurm, options that are not registered are not given, each
// option of slurmstepd is given twice, and srun, sbatch and salloc end by the first that is refused: false.
bool begin(struct live* live, spank_context_t context, const struct given* options);
// begin() and user_init in slurmstepd, in a step or in a batch script's step (SLURM_BATCH_SCRIPT).
void begin_step(struct live* live, uint32_t step_id, uint32_t tasks, const struct given* options);

// A task of slurmstepd, forked: its stderr is kept, signals are blocked and ignored as slurmstepd leaves them.
struct task {
  pid_t pid;
  FILE* said;
};
struct task_end {
  int code;         // 0, or what task_init ended it with
  char said[2048];  // on stderr
  int lines;        // in it
};
// `then` is called in the task after task_init and returns its exit code; NULL: 0.
struct task start_task(struct live* live, int number, int (*then)(void));
struct task_end await_task(struct task task);

// What the stand-in has told so far; overwritten by the next call.
const char* read_report(const struct live* live);
bool is_registered(const char* option);
bool is_variable(const char* name, const char* value);  // of this program; NULL: not set
int count_forks(void);                                  // by this process, since it began
