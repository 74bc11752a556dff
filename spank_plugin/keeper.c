#define _GNU_SOURCE
#include "spank_plugin/keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spank_plugin/limits.h"
#include "spank_plugin/process.h"

// Since Slurm 23.11; NULL before.
extern spank_err_t spank_prepend_task_argv(spank_t spank, int argc, const char* argv[]) __attribute__((weak));

enum { MOST_WORDS = 32 };

struct words {
  const char* word[MOST_WORDS];
  int count;
};

static void add(struct words* words, const char* word) {
  if (words->count < MOST_WORDS - 1) words->word[words->count++] = word;
  words->word[words->count] = NULL;
}

static void add_option(struct words* words, const char* name, const char* value) {
  if (value[0] == '\0') return;
  add(words, name);
  add(words, value);
}

static void add_options(struct words* words, const struct atoll_spec* spec) {
  add_option(words, "--nodes", spec->nodes);
  add_option(words, "--name", spec->name);
  add_option(words, "--head", spec->head);
  add_option(words, "--object-memory", spec->object_memory);
  add_option(words, "--spill-folder", spec->spill_folder);
  add_option(words, "--spill-limit", spec->spill_limit);
  add_option(words, "--keep-logs", spec->keep_logs);
  add_option(words, "--metrics", spec->metrics);
  add_option(words, "--timeline-rate", spec->timeline_rate);
  add_option(words, "--log-level", spec->log_level);
}

static int check_program(const struct atoll_config* config, char* why) {
  if (access(config->atoll, X_OK) == 0) return 0;
  snprintf(why, ATOLL_WHY_BYTES,
           "--atoll: %.300s cannot be run on this node: %s; it stands after atoll= in plugstack.conf", config->atoll,
           strerror(errno));
  return -1;
}

int open_keeper(struct atoll_keeper* keeper) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return errno;
  keeper->ours = ends[0];
  keeper->theirs = ends[1];
  return 0;
}

int start_keeper(const struct atoll_keeper* keeper, const struct atoll_config* config, const struct atoll_spec* spec,
                 char* const environment[], char why[ATOLL_WHY_BYTES]) {
  struct words words = {.count = 0};
  if (check_program(config, why) != 0) return -1;
  add(&words, config->atoll);
  add(&words, "up");
  add(&words, "--lifeline=3");
  add_options(&words, spec);
  const int error = start_detached(config->atoll, (char* const*)words.word, environment, keeper->theirs);
  if (error == 0) return 0;
  snprintf(why, ATOLL_WHY_BYTES, "--atoll: the cluster could not be started: %s", strerror(error));
  return -1;
}

static void close_end(int* end) {
  if (*end >= 0) close(*end);
  *end = -1;
}

void leave_keeper(struct atoll_keeper* keeper) { close_end(&keeper->theirs); }

void end_keeper(struct atoll_keeper* keeper, const struct atoll_config* config) {
  struct pollfd ended = {keeper->ours, POLLIN, 0};
  if (keeper->ours < 0) return;
  shutdown(keeper->ours, SHUT_WR);
  if (poll(&ended, 1, (int)config->stop_timeout * 1000) == 0)
    slurm_info("atoll: the cluster has not ended within %u s; Slurm ends it with the step", config->stop_timeout);
  close_end(&keeper->ours);
}

// Before Slurm 23.11 a task's command cannot be changed; so this, the task, becomes the driver here and now.
static void become_driver(spank_t spank, const struct words* words) {
  char **environment = NULL, **script = NULL, **argv;
  int count = 0;
  set_limits_of_job(spank);
  if (spank_get_item(spank, S_JOB_ARGV, &count, &script) != ESPANK_SUCCESS ||
      spank_get_item(spank, S_JOB_ENV, &environment) != ESPANK_SUCCESS)
    return;
  argv = calloc((size_t)(words->count + count + 1), sizeof *argv);
  if (argv == NULL) return;
  memcpy(argv, words->word, (size_t)words->count * sizeof *argv);
  memcpy(argv + words->count, script, (size_t)count * sizeof *argv);
  execve(argv[0], argv, environment);
  free(argv);
}

int run_driver(spank_t spank, const struct atoll_config* config, const struct atoll_spec* spec,
               char why[ATOLL_WHY_BYTES]) {
  struct words words = {.count = 0};
  if (check_program(config, why) != 0) return -1;
  add(&words, config->atoll);
  add(&words, "run");
  add_options(&words, spec);
  add(&words, "--");
  add(&words, "/bin/sh");
  add(&words, "-c");
  add(&words, spec->driver);
  add(&words, "sh");
  if (spank_prepend_task_argv == NULL)
    become_driver(spank, &words);
  else if (spank_prepend_task_argv(spank, words.count, words.word) == ESPANK_SUCCESS)
    return 0;
  snprintf(why, ATOLL_WHY_BYTES, "--atoll: the driver could not be started in the script's place");
  return -1;
}
