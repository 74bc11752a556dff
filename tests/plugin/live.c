// live PLUGIN VERSION: lives through what each program of Slurm does with the plugin, and prints "ok - " or "not ok - "
// for each scenario. Every scenario has a process of its own, in which the plugin is loaded and must leave no trace.

#define _GNU_SOURCE
#include "tests/plugin/live.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <slurm/slurm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/plugin/host.h"
#include "tests/plugin/stand_in.h"

typedef int callback(spank_t spank, int argc, char** argv);

static int forks;
static void count_fork(void) { ++forks; }
int count_forks(void) { return forks; }

int call(struct live* live, const char* name) {
  callback* function = (callback*)dlsym(live->plugin, name);
  const char* words[9] = {live->atoll};
  int count = 1, code = 0;
  if (function == NULL) return 0;
  while (live->settings[count - 1] != NULL) words[count] = live->settings[count - 1], ++count;
  code = function(NULL, count, (char**)words);
  if (code < live->lowest) live->lowest = code;
  if (code > live->highest) live->highest = code;
  return code;
}

static const struct spank_option* registered(const char* name) {
  for (int i = 0; i < slurm.option_count; ++i)
    if (strcmp(slurm.options[i].name, name) == 0) return &slurm.options[i];
  return NULL;
}

bool is_registered(const char* name) { return registered(name) != NULL; }

static bool give_options(struct live* live, const struct given* options) {
  const bool remote = slurm.context == S_CTX_REMOTE;
  for (; options != NULL && options->name != NULL; ++options) {
    const struct spank_option* option = registered(options->name);
    for (int time = 0; option != NULL && time < (remote ? 2 : 1); ++time) {
      const int code = option->cb(option->val, options->value, remote);
      if (code > live->highest) live->highest = code;
      if (code < 0 && remote) live->lowest = code;
      if (code < 0 && !remote) return false;
    }
  }
  return true;
}

bool begin(struct live* live, spank_context_t context, const struct given* options) {
  slurm.context = context;
  call(live, "slurm_spank_init");
  if (!give_options(live, options)) return false;
  call(live, "slurm_spank_init_post_opt");
  return true;
}

void begin_step(struct live* live, uint32_t step_id, uint32_t tasks, const struct given* options) {
  slurm.step_id = step_id;
  slurm.tasks = tasks;
  begin(live, S_CTX_REMOTE, options);
  call(live, "slurm_spank_user_init");
}

static void become_task(struct live* live, int number) {
  sigset_t some;
  sigemptyset(&some);
  sigaddset(&some, SIGTERM);
  sigaddset(&some, SIGUSR1);
  sigprocmask(SIG_BLOCK, &some, NULL);
  signal(SIGPIPE, SIG_IGN);
  slurm.task = number;
  call(live, "slurm_spank_task_init_privileged");
}

struct task start_task(struct live* live, int number, int (*then)(void)) {
  struct task task = {.said = tmpfile()};
  fflush(NULL);
  task.pid = fork();
  if (task.pid != 0) {
    call(live, "slurm_spank_task_post_fork");
    return task;
  }
  dup2(fileno(task.said), 2);
  become_task(live, number);
  const int code = call(live, "slurm_spank_task_init");
  _exit(code != 0 ? 100 : then == NULL ? 0 : then());
}

struct task_end await_task(struct task task) {
  struct task_end end = {.code = -1};
  int status = 0;
  waitpid(task.pid, &status, 0);
  if (WIFEXITED(status)) end.code = WEXITSTATUS(status);
  rewind(task.said);
  end.said[fread(end.said, 1, sizeof end.said - 1, task.said)] = '\0';
  fclose(task.said);
  for (const char* at = end.said; (at = strchr(at, '\n')) != NULL; ++at) ++end.lines;
  return end;
}

const char* read_report(const struct live* live) {
  static char text[8192];
  FILE* file = fopen(live->report, "r");
  if (file == NULL) return "";
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return text;
}

bool is_variable(const char* name, const char* value) {
  const char* found = getenv(name);
  return value == NULL ? found == NULL : found != NULL && strcmp(found, value) == 0;
}

// What every scenario is looked at for.

static int entries_of(const char* folder) {
  DIR* directory = opendir(folder);
  int count = 0;
  while (directory != NULL && readdir(directory) != NULL) ++count;
  if (directory != NULL) closedir(directory);
  return count;
}

static bool is_mapped(const char* path) {
  char line[4400];
  bool found = false;
  FILE* maps = fopen("/proc/self/maps", "r");
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL) found |= strstr(line, path) != NULL;
  if (maps != NULL) fclose(maps);
  return found;
}

static bool live_through(scenario_body* run, struct live* live, const char* path, unsigned version) {
  const int descriptors = entries_of("/proc/self/fd"), threads = entries_of("/proc/self/task");
  live->plugin = load_plugin(path, version);
  EXPECT(live->plugin != NULL);
  EXPECT(is_mapped(path));
  EXPECT(run(live));
  EXPECT(live->highest == 0);
  EXPECT(entries_of("/proc/self/task") == threads);
  EXPECT(dlclose(live->plugin) == 0);
  EXPECT(!is_mapped(path));
  EXPECT(entries_of("/proc/self/fd") == descriptors);
  return true;
}

// Nothing of the environment of who runs the tests counts.
static void enter_empty_job(const char* report) {
  clearenv();
  setenv("PATH", "/usr/bin:/bin", 1);
  setenv("OF_THIS_PROGRAM", "yes", 1);
  setenv("STAND_IN_REPORT", report, 1);
  set_in_job("OF_THE_JOB", "yes");
  set_in_job("SLURM_JOB_ID", "7");
  set_in_job("SLURM_JOB_NUM_NODES", "4");
  set_in_job("STAND_IN_REPORT", report);
}

static int run_scenario(scenario_body* run, const char* report, const char* self, const char* path, unsigned version) {
  struct live live = {.self = self};
  snprintf(live.report, sizeof live.report, "%s", report);
  snprintf(live.atoll, sizeof live.atoll, "atoll=%s", self);
  enter_empty_job(live.report);
  pthread_atfork(count_fork, NULL, NULL);
  return live_through(run, &live, path, version) ? 0 : 1;
}

// All at once, since some wait for a limit to pass.

enum { MOST = 64 };
struct running {
  const char* sentence;
  pid_t pid;
  FILE* said;
  char report[32];
};

static struct running start(const struct named_scenario* scenario, const char* self, const char* path,
                            unsigned version) {
  struct running running = {scenario->sentence, 0, tmpfile(), "/tmp/atoll-live-XXXXXX"};
  close(mkstemp(running.report));
  fflush(NULL);
  running.pid = fork();
  if (running.pid != 0) return running;
  dup2(fileno(running.said), 0);  // so that nobody has /dev/null by chance
  dup2(fileno(running.said), 2);
  exit(run_scenario(scenario->run, running.report, self, path, version));
}

static bool finish(struct running running) {
  char line[1024];
  int status = 0;
  const bool good = waitpid(running.pid, &status, 0) == running.pid && status == 0;
  printf("%s - %s\n", good ? "ok" : "not ok", running.sentence);
  if (!good) printf("  | status %#x\n", status);
  rewind(running.said);
  while (!good && fgets(line, sizeof line, running.said) != NULL) printf("  | %s", line);
  fclose(running.said);
  unlink(running.report);
  return good;
}

int main(int argc, char** argv) {
  static struct running running[MOST];
  const struct named_scenario* const lists[] = {option_scenarios, program_scenarios};
  int count = 0, failed = 0;
  if (is_stand_in(argc, argv)) return stand_in(argc, argv);
  char *self = realpath("/proc/self/exe", NULL), *path = argc == 3 ? realpath(argv[1], NULL) : NULL;
  if (self == NULL || path == NULL) {
    fprintf(stderr, "usage: live PLUGIN VERSION\n");
    return 2;
  }
  for (size_t list = 0; list < 2; ++list)
    for (const struct named_scenario* scenario = lists[list]; scenario->run != NULL && count < MOST; ++scenario)
      running[count++] = start(scenario, self, path, (unsigned)strtoul(argv[2], NULL, 0));
  for (int i = 0; i < count; ++i) failed += !finish(running[i]);
  free(self);
  free(path);
  return failed == 0 ? 0 : 1;
}
