// What the plugin starts: the cluster of a batch script or of srun, the driver, `atoll bind`; with a stand-in for
// atoll.

#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <slurm/slurm.h>
#include <stdlib.h>
#include <string.h>

#include "tests/plugin/live.h"

static const struct given kCluster[] = {{"atoll", "nodes=2,name=ring,log=debug"}, {NULL, NULL}};

static bool is_told(const struct live* live, const char* line) {
  const bool found = strstr(read_report(live), line) != NULL;
  if (!found) fprintf(stderr, "it told:\n%s", read_report(live));
  return found;
}

// What every program is given by the plugin but for its words and descriptors.
static bool is_started_well(const struct live* live) {
  EXPECT(is_told(live, "\nblocked 0\n"));
  EXPECT(is_told(live, "\nignored 0\n"));
  EXPECT(is_told(live, "\nstdin /dev/null\n"));
  return true;
}

static bool is_in_job(const char* name, const char* value) {
  const char* found = get_in_job(name);
  return value == NULL ? found == NULL : found != NULL && strcmp(found, value) == 0;
}

static int has_cluster(void) {
  return is_in_job("ATOLL_JOB", "7") && is_in_job("SLURM_ATOLL_SPEC", NULL) && is_in_job("ATOLL_SPEC", NULL) ? 0 : 2;
}

static bool batch_cluster(struct live* live) {
  set_in_job("SLURM_ATOLL_SPEC", "nodes=2,name=ring,log=debug");
  set_in_job("ATOLL_SPEC", "nodes=3");
  begin_step(live, SLURM_BATCH_SCRIPT, 1, kCluster);
  const struct task_end script = await_task(start_task(live, 0, has_cluster));
  EXPECT(script.code == 0 && script.said[0] == '\0');
  call(live, "slurm_spank_task_exit");
  EXPECT(is_told(live, "\nended\n"));  // already: it is waited for
  call(live, "slurm_spank_exit");
  EXPECT(is_told(live, "words up --lifeline=3 --nodes 2 --name ring --log-level debug\n"));
  EXPECT(is_told(live, "\nof the job: yes, of the program: no\n"));
  EXPECT(is_told(live, "\nleads its session: yes\n"));
  EXPECT(is_told(live, "\ndescriptors 0 1 2 3\n"));
  return is_started_well(live) && live->lowest == 0 && slurm.infos == 0;
}

static bool without_value(struct live* live) {
  const struct given options[] = {{"atoll", "(null)"}, {NULL, NULL}};
  begin_step(live, SLURM_BATCH_SCRIPT, 1, options);
  EXPECT(await_task(start_task(live, 0, has_cluster)).code == 0);
  call(live, "slurm_spank_exit");  // also without a task_exit
  return is_told(live, "words up --lifeline=3\n") && is_told(live, "\nended\n");
}

static bool export_none(struct live* live) {
  set_in_job("SLURM_ATOLL_SPEC", "head=last");
  begin_step(live, SLURM_BATCH_SCRIPT, 1, NULL);
  EXPECT(await_task(start_task(live, 0, has_cluster)).code == 0);
  call(live, "slurm_spank_exit");
  return is_told(live, "words up --lifeline=3 --head last\n");
}

static bool cluster_that_stays(struct live* live) {
  int pid = 0;
  live->settings[0] = "stop_timeout=1";
  set_in_job("STAND_IN", "stays");
  begin_step(live, SLURM_BATCH_SCRIPT, 1, kCluster);
  await_task(start_task(live, 0, NULL));
  call(live, "slurm_spank_task_exit");
  call(live, "slurm_spank_exit");
  EXPECT(sscanf(strstr(read_report(live), "\npid "), " pid %d", &pid) == 1);
  const bool was_there = kill(pid, SIGKILL) == 0;
  EXPECT(was_there && strstr(read_report(live), "ended") == NULL);
  return slurm.infos == 1 && live->lowest == 0;
}

static bool no_atoll(struct live* live) {
  strcpy(live->atoll, "atoll=/nowhere/atoll");
  begin_step(live, SLURM_BATCH_SCRIPT, 1, kCluster);
  const struct task_end script = await_task(start_task(live, 0, NULL));
  EXPECT(script.code == 1 && script.lines == 1);
  EXPECT(strstr(script.said, "/nowhere/atoll cannot be run on this node: No such file") != NULL);
  call(live, "slurm_spank_exit");
  return live->lowest == 0;
}

static bool srun_cluster(struct live* live) {
  EXPECT(begin(live, S_CTX_LOCAL, kCluster));
  EXPECT(read_report(live)[0] == '\0' && count_forks() == 0);
  call(live, "slurm_spank_local_user_init");
  call(live, "slurm_spank_local_user_init");  // once for each part of a heterogeneous job
  call(live, "slurm_spank_exit");
  EXPECT(is_told(live, "words up --lifeline=3 --nodes 2 --name ring --log-level debug\n"));
  EXPECT(is_told(live, "\nended\n") && is_told(live, "\ndescriptors 0 1 2 3\n"));
  EXPECT(is_told(live, "\nof the job: no, of the program: yes\n"));
  const char* first = strstr(read_report(live), "words up");
  EXPECT(first != NULL && strstr(first + 1, "words up") == NULL);
  return is_started_well(live) && live->lowest == 0;
}

static bool step_has_cluster(struct live* live) {
  set_in_job("SLURM_ATOLL_SPEC", "yes");
  begin_step(live, 0, 2, NULL);
  struct task tasks[] = {start_task(live, 0, has_cluster), start_task(live, 1, has_cluster)};
  for (int i = 0; i < 2; ++i) EXPECT(await_task(tasks[i]).code == 0);
  call(live, "slurm_spank_task_exit");
  call(live, "slurm_spank_exit");
  return read_report(live)[0] == '\0' && live->lowest == 0;
}

// The driver, where Slurm lets a task's command be changed and where it does not.

static const struct given kDriver[] = {{"atoll", "nodes=2,driver=./train --epochs 3,4"}, {NULL, NULL}};
static const char kDriverWords[] = "run --nodes 2 -- /bin/sh -c ./train --epochs 3,4 sh ";

static int has_prepended(void) {
  const size_t length = strlen(slurm.prepended);
  const char* rest = strstr(slurm.prepended, " run ");
  return length > 0 && rest != NULL && strcmp(rest + 1, kDriverWords) == 0 ? 0 : 2;
}

static bool driver(struct live* live) {
  char* script[] = {"/spool/script", "one", NULL};
  const bool can_prepend = SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM(23, 11, 0);
  slurm.script = script;
  begin_step(live, SLURM_BATCH_SCRIPT, 1, kDriver);
  const struct task_end end = await_task(start_task(live, 0, has_prepended));
  call(live, "slurm_spank_exit");
  EXPECT(end.code == (can_prepend ? 0 : 5));  // 5: the stand-in's, which the task has become
  if (!can_prepend)
    EXPECT(is_told(live, "words run --nodes 2 -- /bin/sh -c ./train --epochs 3,4 sh /spool/script one\n"));
  if (!can_prepend) EXPECT(is_told(live, "\nof the job: yes, of the program: no\n"));
  return live->lowest == 0;
}

static bool driver_fails(struct live* live) {
  if (SLURM_VERSION_NUMBER < SLURM_VERSION_NUM(23, 11, 0)) strcpy(live->atoll, "atoll=/nowhere/atoll");
  slurm.keeps_task_argv = true;
  begin_step(live, SLURM_BATCH_SCRIPT, 1, kDriver);
  const struct task_end end = await_task(start_task(live, 0, NULL));
  call(live, "slurm_spank_exit");
  EXPECT(end.code == 1 && end.lines == 1 && strncmp(end.said, "atoll: --atoll: ", 16) == 0);
  return live->lowest == 0;
}

// --atoll-bind.

// 0 and 1: bound as the stand-in says for this task; 2: not bound; 3: something else.
static int how_bound(void) {
  cpu_set_t cpus;
  const bool one_cpu = sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) == 1;
  if (is_in_job("CUDA_VISIBLE_DEVICES", "GPU-a") && one_cpu) return 0;
  if (is_in_job("CUDA_VISIBLE_DEVICES", "GPU-b")) return 1;
  return is_in_job("CUDA_VISIBLE_DEVICES", NULL) && is_in_job("SLURM_ATOLL_BIND", NULL) ? 2 : 3;
}

// The two tasks of a step with --atoll-bind, and what they say in all.
static void live_bound(struct live* live, const char* how, const char* mode, struct task_end end[2]) {
  set_in_job("STAND_IN", how);
  set_in_job("SLURM_ATOLL_BIND", mode);
  begin_step(live, 3, 2, NULL);
  struct task tasks[] = {start_task(live, 0, how_bound), start_task(live, 1, how_bound)};
  for (int i = 0; i < 2; ++i) end[i] = await_task(tasks[i]);
  call(live, "slurm_spank_task_exit");
  call(live, "slurm_spank_task_exit");
  call(live, "slurm_spank_exit");
}

static bool bound(struct live* live) {
  struct task_end end[2];
  live_bound(live, "answer", "island,verbose", end);
  EXPECT(end[0].code == 0 && end[0].said[0] == '\0');
  EXPECT(end[1].code == 1 && end[1].said[0] == '\0');
  EXPECT(is_told(live, "words bind --for-plugin --mode island --tasks 2 --ranks 10,11 --verbose\n"));
  EXPECT(strstr(strstr(read_report(live), "words bind") + 1, "words bind") == NULL);  // one task asks for both
  EXPECT(is_told(live, "\nof the job: yes, of the program: no\n"));
  return is_started_well(live) && live->lowest == 0;
}

static bool bound_to_none(struct live* live) {
  struct task_end end[2];
  live_bound(live, "answer", "none", end);
  EXPECT(end[0].said[0] == '\0' && end[1].said[0] == '\0');
  return read_report(live)[0] == '\0' && live->lowest == 0;
}

static bool nothing_to_bind(struct live* live) {
  struct task_end end[2];
  live_bound(live, "nothing", "pack", end);
  EXPECT(end[0].code == 2 && end[1].code == 2);
  return end[0].lines + end[1].lines == 0;
}

// Both tasks run, unbound, and one of them says why.
static bool is_unbound(struct live* live, const char* how, const char* why) {
  struct task_end end[2];
  live_bound(live, how, "pack", end);
  EXPECT(end[0].code == 2 && end[1].code == 2);
  EXPECT(end[0].lines + end[1].lines == 1);
  const char* said = end[0].lines == 1 ? end[0].said : end[1].said;
  if (strstr(said, why) == NULL) fprintf(stderr, "it says: %s", said);
  EXPECT(strstr(said, why) != NULL && strstr(said, "the step runs without Atoll's binding\n") != NULL);
  return live->lowest == 0;
}

static bool bind_garbage(struct live* live) {
  return is_unbound(live, "garbage", "printed something else than an answer");
}
static bool bind_fails(struct live* live) { return is_unbound(live, "fails", "ended with exit code 3"); }
static bool bind_late(struct live* live) {
  live->settings[0] = "bind_timeout=1";
  return is_unbound(live, "late", "did not answer within 1 s");
}

const struct named_scenario program_scenarios[] = {
    {"a batch script's cluster: the job's environment, own session, no signal blocked, descriptors 0 to 3; waited for",
     batch_cluster},
    {"an option without a value, which Slurm hands on as \"(null)\", is a cluster of all nodes", without_value},
    {"with --export=NONE the batch step learns from sbatch's variable", export_none},
    {"a cluster that does not end is waited for as long as stop_timeout says", cluster_that_stays},
    {"an atoll that is not there fails the task with one sentence", no_atoll},
    {"a step's cluster is srun's: its environment, descriptors 0 to 3; waited for", srun_cluster},
    {"tasks of a step with a cluster are told of it, and start none", step_has_cluster},
    {"the driver takes the script's place, by the means of this Slurm", driver},
    {"a driver that cannot be started fails the task", driver_fails},
    {"of a step's tasks one asks for a binding, and each gets its part", bound},
    {"--atoll-bind=none asks nobody", bound_to_none},
    {"where there is nothing to bind, nobody says a word", nothing_to_bind},
    {"an atoll bind that prints garbage leaves the tasks unbound", bind_garbage},
    {"so does one that fails", bind_fails},
    {"so does one that is late", bind_late},
    {NULL, NULL},
};
