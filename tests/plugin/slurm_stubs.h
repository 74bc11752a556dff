#pragma once

#include <slurm/spank.h>
#include <stdbool.h>
#include <stdint.h>

// What Slurm's programs export to plugins, played: it answers from this struct, and notes there what it was asked. As
// in Slurm, a process that is forked has its own.
struct played_slurm {
  // What it is; set by a test.
  spank_context_t context;
  uint32_t step_id;
  uint32_t tasks;        // on this node; their ranks are 10, 11, ...
  int task;              // this process's
  char** script;         // the task's command, ends with NULL
  bool has_options;      // another plugin has registered options of the same names
  bool keeps_task_argv;  // spank_prepend_task_argv(), where this Slurm has it, fails

  // What it was asked.
  struct spank_option options[16];
  int option_count;
  int environment_changes;  // calls of spank_setenv and spank_unsetenv
  int errors, infos;        // sentences for the log
  char last_error[1024];
  char prepended[1024];  // to the task's command, with a blank after each word
};
extern struct played_slurm slurm;

// The job's environment: what spank_getenv and S_JOB_ENV tell. Texts are copied; a value of NULL unsets.
void set_in_job(const char* name, const char* value);
const char* get_in_job(const char* name);  // NULL where it is not set
