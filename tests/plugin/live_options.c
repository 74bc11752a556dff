// What the plugin makes of options and settings, in each program of Slurm, before anything is started.

#define _GNU_SOURCE
#include <errno.h>
#include <slurm/slurm.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/plugin/live.h"

static const spank_context_t kAll[] = {S_CTX_LOCAL, S_CTX_ALLOCATOR, S_CTX_REMOTE, S_CTX_SLURMD, S_CTX_JOB_SCRIPT};
enum { ALL = sizeof kAll / sizeof kAll[0] };

// A program of Slurm from its first call to its last, whichever it is.
static void live_all(struct live* live, spank_context_t context, const struct given* options) {
  if (context == S_CTX_REMOTE) {
    begin_step(live, 0, 1, options);
    await_task(start_task(live, 0, NULL));
    call(live, "slurm_spank_task_exit");
  } else {
    begin(live, context, options);
    call(live, "slurm_spank_local_user_init");
    call(live, "slurm_spank_slurmd_exit");
  }
  call(live, "slurm_spank_exit");
}

static bool three_options(struct live* live) {
  static const spank_context_t kPrograms[] = {S_CTX_LOCAL, S_CTX_ALLOCATOR, S_CTX_REMOTE};
  for (size_t i = 0; i < 3; ++i) {
    slurm.option_count = 0;
    EXPECT(begin(live, kPrograms[i], NULL));
    EXPECT(slurm.option_count == 3);
    EXPECT(is_registered("atoll") && is_registered("atoll-bind") && is_registered("atoll-topo"));
    // Before 25.11 an option that takes no argument at all ends srun by an assertion.
    for (int option = 0; option < 3; ++option) EXPECT(slurm.options[option].has_arg != 0);
  }
  return live->lowest == 0;
}

static bool no_options_in_slurmd(struct live* live) {
  EXPECT(begin(live, S_CTX_SLURMD, NULL) && begin(live, S_CTX_JOB_SCRIPT, NULL));
  return slurm.option_count == 0 && live->lowest == 0;
}

static bool no_sbatch(struct live* live) {
  live->settings[0] = "sbatch=no";
  setenv("ATOLL_SPEC", "nodes=2", 1);
  EXPECT(begin(live, S_CTX_ALLOCATOR, NULL));
  EXPECT(slurm.option_count == 2 && !is_registered("atoll"));
  EXPECT(is_variable("SLURM_ATOLL_SPEC", NULL) && is_variable("ATOLL_ARMED", NULL));
  return live->lowest == 0 && slurm.errors == 0;
}

static bool not_enabled(struct live* live) {
  live->settings[0] = "enabled=no";
  setenv("ATOLL_SPEC", "no such key", 1);
  set_in_job("SLURM_ATOLL_SPEC", "no such key");
  set_in_job("SLURM_ATOLL_BIND", "pack");
  for (int i = 0; i < ALL; ++i) live_all(live, kAll[i], NULL);
  EXPECT(slurm.option_count == 0 && slurm.environment_changes == 0 && slurm.errors == 0);
  EXPECT(is_variable("ATOLL_SPEC", "no such key") && is_variable("SLURM_ATOLL_SPEC", NULL));
  EXPECT(read_report(live)[0] == '\0');
  return live->lowest == 0;
}

static bool wrong_settings(struct live* live) {
  const char* const settings[] = {"colour=blue", "max_nodes=many", "enabled=perhaps", "bind_timeout=61",
                                  "atoll=bin/atoll"};
  memcpy(live->settings, settings, sizeof settings);
  EXPECT(begin(live, S_CTX_SLURMD, NULL) && slurm.errors == 5);
  EXPECT(strstr(slurm.last_error, "atoll=bin/atoll") != NULL);
  for (int i = 0; i < 3; ++i) EXPECT(begin(live, kAll[i], NULL) && slurm.errors == 5);
  EXPECT(slurm.option_count == 9);
  return live->lowest == 0;
}

static bool taken_options(struct live* live) {
  slurm.has_options = true;
  for (int i = 0; i < ALL; ++i) live_all(live, kAll[i], NULL);
  return live->lowest == 0 && slurm.errors == 0;
}

static int count_changes(void) { return slurm.environment_changes; }

static bool nothing_asked(struct live* live) {
  char* before[64];
  int count = 0, forked;
  for (; environ[count] != NULL && count < 63; ++count) before[count] = environ[count];
  for (int i = 0; i < ALL; ++i) {
    forked = count_forks();
    live_all(live, kAll[i], NULL);
    EXPECT(count_forks() - forked == (kAll[i] == S_CTX_REMOTE));  // that one was ours, the task
    for (int entry = 0; entry <= count; ++entry) EXPECT(environ[entry] == (entry == count ? NULL : before[entry]));
  }
  begin_step(live, SLURM_BATCH_SCRIPT, 1, NULL);
  const struct task_end script = await_task(start_task(live, 0, count_changes));
  EXPECT(script.code == 0 && script.said[0] == '\0');
  EXPECT(slurm.environment_changes == 0 && slurm.errors == 0 && slurm.infos == 0);
  EXPECT(read_report(live)[0] == '\0');
  return live->lowest == 0;
}

static const struct given kWrong[] = {
    {"atoll", "nodes=none"},       {"atoll", "colour=blue"}, {"atoll", "name=Capital"},    {"atoll", "nodes=2,nodes=3"},
    {"atoll", "object-memory=8X"}, {"atoll", "driver= "},    {"atoll-bind", "everywhere"}, {"atoll-bind", "pack,loud"},
    {"atoll-bind", NULL},          {"atoll-topo", "here"},   {"atoll-topo", NULL},
};
enum { WRONG = sizeof kWrong / sizeof kWrong[0] };

static bool wrong_value_refused(struct live* live) {
  for (int program = 0; program < 2; ++program)
    for (int i = 0; i < WRONG; ++i) {
      const struct given options[] = {kWrong[i], {NULL, NULL}};
      slurm.errors = slurm.option_count = 0;
      EXPECT(!begin(live, kAll[program], options));
      EXPECT(slurm.errors == 1 && strncmp(slurm.last_error, "--atoll", 7) == 0);
      EXPECT(strchr(slurm.last_error, '\n') == NULL);
    }
  return true;
}

// Should the plugin of the node where the job was submitted be another one than this node's.
static bool wrong_value_in_batch(struct live* live) {
  for (int i = 0; i < WRONG; ++i) {
    const struct given options[] = {kWrong[i], {NULL, NULL}};
    slurm.option_count = 0;
    begin_step(live, SLURM_BATCH_SCRIPT, 1, options);
    EXPECT(live->lowest == 0);
    const struct task_end script = await_task(start_task(live, 0, NULL));
    EXPECT(script.code == 1 && script.lines == 1 && strncmp(script.said, "atoll: --atoll", 14) == 0);
    call(live, "slurm_spank_task_exit");
    call(live, "slurm_spank_exit");
  }
  return live->lowest == 0 && read_report(live)[0] == '\0';
}

static bool wrong_value_in_step(struct live* live) {
  static const struct given kPassed[] = {
      {"SLURM_ATOLL_SPEC", "nodes=none"}, {"SLURM_ATOLL_SPEC", "driver=./train"}, {"SLURM_ATOLL_BIND", "everywhere"}};
  for (size_t i = 0; i < 3; ++i) {
    slurm.option_count = 0;
    set_in_job(kPassed[i].name, kPassed[i].value);
    begin_step(live, 0, 2, NULL);
    EXPECT(live->lowest == 0);
    const struct task_end end = await_task(start_task(live, 1, NULL));
    EXPECT(end.code == 1 && end.lines == 1 && strncmp(end.said, "atoll: --atoll", 14) == 0);
    call(live, "slurm_spank_exit");
    set_in_job(kPassed[i].name, NULL);
  }
  return live->lowest == 0;
}

static bool too_many_nodes(struct live* live) {
  const struct given options[] = {{"atoll", NULL}, {NULL, NULL}};
  live->settings[0] = "max_nodes=3";
  begin_step(live, SLURM_BATCH_SCRIPT, 1, options);
  const struct task_end script = await_task(start_task(live, 0, NULL));
  EXPECT(script.code == 1 && strstr(script.said, "clusters of 3 nodes, not 4") != NULL);
  call(live, "slurm_spank_exit");
  return live->lowest == 0 && read_report(live)[0] == '\0';
}

static bool pseudo_steps(struct live* live) {
  static const uint32_t kSteps[] = {SLURM_EXTERN_CONT, SLURM_INTERACTIVE_STEP};
  const struct given options[] = {{"atoll", NULL}, {"atoll-bind", "pack"}, {NULL, NULL}};
  set_in_job("SLURM_ATOLL_SPEC", "yes");
  set_in_job("SLURM_ATOLL_BIND", "pack");
  for (size_t i = 0; i < 2; ++i) {
    slurm.option_count = 0;
    begin_step(live, kSteps[i], 1, options);
    EXPECT(await_task(start_task(live, 0, count_changes)).code == 0);
    call(live, "slurm_spank_exit");
  }
  return live->lowest == 0 && read_report(live)[0] == '\0';
}

static bool passed_on(struct live* live) {
  const struct given options[] = {{"atoll", "(null)"},    {"atoll", "nodes=2"},
                                  {"atoll-bind", "pack"}, {"atoll-bind", "numa,verbose"},
                                  {"atoll-topo", "/x/y"}, {NULL, NULL}};
  setenv("ATOLL_SPEC", "nodes=3", 1);
  setenv("ATOLL_BIND", "none", 1);
  for (int program = 0; program < 2; ++program) {
    slurm.option_count = 0;
    EXPECT(begin(live, kAll[program], options));
    EXPECT(is_variable("SLURM_ATOLL_SPEC", "nodes=2"));
    EXPECT(is_variable("SLURM_ATOLL_BIND", "numa,verbose"));
    EXPECT(is_variable("SLURM_ATOLL_TOPOLOGY", "/x/y"));
  }
  return live->lowest == 0;
}

static bool twins(struct live* live) {
  setenv("ATOLL_SPEC", "head=last", 1);
  setenv("ATOLL_BIND", "spread", 1);
  EXPECT(begin(live, S_CTX_LOCAL, NULL));
  EXPECT(is_variable("SLURM_ATOLL_SPEC", "head=last") && is_variable("SLURM_ATOLL_BIND", "spread"));
  const struct given back[] = {{"atoll", "no"}, {NULL, NULL}};
  slurm.option_count = 0;
  EXPECT(begin(live, S_CTX_LOCAL, back));
  return is_variable("SLURM_ATOLL_SPEC", NULL);
}

static bool plain_inside(struct live* live) {
  const struct given options[] = {{"atoll", "(null)"}, {NULL, NULL}};
  const struct given markers[] = {{"ATOLL_JOB", "7"}, {"SLURM_SPANK__SLURM_SPANK_OPTION_atoll_atoll", "(null)"}};
  setenv("SLURM_JOB_ID", "7", 1);
  for (int i = 0; i < 2; ++i) {
    slurm.option_count = 0;
    setenv(markers[i].name, markers[i].value, 1);
    EXPECT(begin(live, S_CTX_LOCAL, options));
    EXPECT(is_variable("SLURM_ATOLL_SPEC", NULL));
    call(live, "slurm_spank_local_user_init");
    call(live, "slurm_spank_exit");
    unsetenv(markers[i].name);
  }
  EXPECT(read_report(live)[0] == '\0' && count_forks() == 0);
  setenv("ATOLL_JOB", "6", 1);  // of another job, whose environment came along
  slurm.option_count = 0;
  EXPECT(begin(live, S_CTX_LOCAL, options));
  return is_variable("SLURM_ATOLL_SPEC", "(null)");
}

static bool salloc_arms(struct live* live) {
  const struct given options[] = {{"atoll", "nodes=2,head=last,object-memory=8G,name=ring,metrics=unix,timeline-rate=0,log=debug"}, {NULL, NULL}};
  program_invocation_short_name = "salloc";
  EXPECT(begin(live, S_CTX_ALLOCATOR, options));
  EXPECT(is_variable("ATOLL_ARMED", "yes") && is_variable("ATOLL_RUN_NODES", "2"));
  EXPECT(is_variable("ATOLL_RUN_HEAD", "last") && is_variable("ATOLL_RUN_OBJECT_MEMORY", "8G"));
  EXPECT(is_variable("ATOLL_RUN_NAME", "ring") && is_variable("ATOLL_RUN_LOG_LEVEL", "debug"));
  EXPECT(is_variable("ATOLL_RUN_METRICS", "unix") && is_variable("ATOLL_RUN_TIMELINE_RATE", "0"));
  EXPECT(is_variable("SLURM_ATOLL_SPEC", NULL));
  program_invocation_short_name = "sbatch";  // from that shell
  slurm.option_count = 0;
  EXPECT(begin(live, S_CTX_ALLOCATOR, NULL));
  EXPECT(is_variable("ATOLL_ARMED", NULL) && is_variable("ATOLL_RUN_NODES", NULL));
  EXPECT(is_variable("ATOLL_RUN_HEAD", NULL) && is_variable("ATOLL_RUN_LOG_LEVEL", NULL));
  EXPECT(is_variable("ATOLL_RUN_METRICS", NULL) && is_variable("ATOLL_RUN_TIMELINE_RATE", NULL));
  return live->lowest == 0;
}

const struct named_scenario option_scenarios[] = {
    {"srun, sbatch, salloc and slurmstepd have three options", three_options},
    {"slurmd and prologs have none", no_options_in_slurmd},
    {"with sbatch=no, sbatch and salloc are without --atoll", no_sbatch},
    {"with enabled=no nothing is registered, read, set or started anywhere", not_enabled},
    {"a wrong setting is one line in slurmd's log, and is ignored everywhere", wrong_settings},
    {"options that another plugin has do no harm", taken_options},
    {"a job without options: no variable is set, no process forked", nothing_asked},
    {"srun and sbatch refuse a wrong value with one sentence", wrong_value_refused},
    {"a wrong value in a batch step fails its task, and nothing before", wrong_value_in_batch},
    {"a wrong value in a step fails its tasks, and nothing before", wrong_value_in_step},
    {"more nodes than max_nodes fail the task", too_many_nodes},
    {"the extern and the interactive step are left alone", pseudo_steps},
    {"the last of an option's values is passed to the nodes, before the user's variable", passed_on},
    {"without an option the user's variable is passed on; --atoll=no takes it back", twins},
    {"an srun inside a job with a cluster is a plain one", plain_inside},
    {"salloc arms its shell, and sbatch from there disarms the job", salloc_arms},
    {NULL, NULL},
};
