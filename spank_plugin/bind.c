#define _GNU_SOURCE
#include "spank_plugin/bind.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "spank_plugin/answer.h"
#include "spank_plugin/process.h"

enum { ANSWER_BYTES = 1 << 20, MOST_CPUS = 65536, MOST_NODES = 1024 };
enum { NOT_ASKED, ASKED, ANSWERED, FAILED };

struct atoll_board {
  _Atomic uint32_t state;
  long size;
  char text[ANSWER_BYTES];
};

struct atoll_board* open_board(void) {
  void* memory = mmap(NULL, sizeof(struct atoll_board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void close_board(struct atoll_board* board) {
  if (board != NULL) munmap(board, sizeof *board);
}

static void warn(const char* what, const char* why) {
  dprintf(2, "atoll: warning: %s %s; the step runs without Atoll's binding\n", what, why);
}

// "0,1,2,3": the ranks of this node's tasks. -1 when they do not fit.
static int list_ranks(spank_t spank, unsigned tasks, char* text, size_t size) {
  size_t have = 0;
  for (unsigned task = 0; task < tasks; ++task) {
    uint32_t rank;
    if (spank_get_item(spank, S_JOB_LOCAL_TO_GLOBAL_ID, (uint32_t)task, &rank) != ESPANK_SUCCESS) return -1;
    const int added = snprintf(text + have, size - have, "%s%u", task == 0 ? "" : ",", rank);
    if (added < 0 || (size_t)added >= size - have) return -1;
    have += (size_t)added;
  }
  return 0;
}

// By the one task that asks for all. True when the board has an answer that holds together.
static bool ask(spank_t spank, struct atoll_board* board, const struct atoll_config* config,
                const struct atoll_bind* bind, unsigned tasks) {
  char count[12], ranks[32768], why[128];
  char** environment = NULL;
  snprintf(count, sizeof count, "%u", tasks);
  if (list_ranks(spank, tasks, ranks, sizeof ranks) != 0 ||
      spank_get_item(spank, S_JOB_ENV, &environment) != ESPANK_SUCCESS) {
    warn("--atoll-bind:", "Slurm does not say which tasks this node has");
    return false;
  }
  const char* argv[] = {config->atoll, "bind", "--for-plugin", "--mode", bind->mode,
                        "--tasks",     count,  "--ranks",      ranks,    bind->verbose ? "--verbose" : NULL,
                        NULL};
  board->size = run_bounded(config->atoll, (char* const*)argv, environment, config->bind_timeout, board->text,
                            sizeof board->text, why, sizeof why);
  if (board->size >= 0 && read_answer(board->text, (size_t)board->size, tasks - 1, NULL, NULL) == ATOLL_ANSWER_BAD) {
    snprintf(why, sizeof why, "printed something else than an answer");
    board->size = -1;
  }
  if (board->size < 0) warn(config->atoll, why);
  return board->size >= 0;
}

static void sleep_on(_Atomic uint32_t* state, uint32_t value, unsigned seconds) {
  const struct timespec limit = {seconds, 0};
  syscall(SYS_futex, state, FUTEX_WAIT, value, &limit, NULL, 0);
}

static void wake_all(_Atomic uint32_t* state) { syscall(SYS_futex, state, FUTEX_WAKE, 1 << 30, NULL, NULL, 0); }

// Whether the board has an answer, asking for it if this is the first task. Nobody holds a lock: if the task that asks
// is killed, the others go on when their time is over.
static bool await_answer(spank_t spank, struct atoll_board* board, const struct atoll_config* config,
                         const struct atoll_bind* bind, unsigned tasks) {
  uint32_t state = NOT_ASKED;
  if (atomic_compare_exchange_strong(&board->state, &state, ASKED)) {
    atomic_store(&board->state, ask(spank, board, config, bind, tasks) ? ANSWERED : FAILED);
    wake_all(&board->state);
  }
  const time_t deadline = time(NULL) + config->bind_timeout + 1;
  while ((state = atomic_load(&board->state)) == ASKED && time(NULL) < deadline) sleep_on(&board->state, ASKED, 1);
  return state == ANSWERED;
}

// A list of the answer, or what is wrong with it.
static const char* set_cpus(const char* list) {
  static unsigned char bits[MOST_CPUS / 8];
  if (read_list(list, bits, MOST_CPUS) < 1) return "no list of CPUs";
  return sched_setaffinity(0, sizeof bits, (const cpu_set_t*)bits) == 0 ? NULL : strerror(errno);
}

// Preferred, not bound to: a node that is full is no reason to die.
static const char* set_memory(const char* list) {
  enum { PREFERRED = 1, PREFERRED_MANY = 5 };  // of linux/mempolicy.h
  static unsigned char bits[MOST_NODES / 8];
  const int nodes = read_list(list, bits, MOST_NODES);
  if (nodes < 1) return "no list of NUMA nodes";
  return syscall(SYS_set_mempolicy, nodes == 1 ? PREFERRED : PREFERRED_MANY, bits, MOST_NODES) == 0 ? NULL
                                                                                                    : strerror(errno);
}

struct binding {
  spank_t spank;
  unsigned task;
};

static void take_line(void* context, const struct atoll_line* line) {
  const struct binding* binding = context;
  const char *what = "memory of NUMA nodes", *wrong = NULL;
  if (line->key == ATOLL_LINE_SET) {
    if (spank_setenv(binding->spank, line->name, line->value, 1) != ESPANK_SUCCESS)
      dprintf(2, "atoll: warning: task %u of this node is without %s: Slurm did not take it\n", binding->task,
              line->name);
    return;
  }
  if (line->key == ATOLL_LINE_CPUS)
    wrong = set_cpus(line->value), what = "CPUs";
  else
    wrong = set_memory(line->value);
  if (wrong != NULL)
    dprintf(2, "atoll: warning: task %u of this node is not bound to %s %.80s: %s\n", binding->task, what, line->value,
            wrong);
}

void bind_task(spank_t spank, struct atoll_board* board, const struct atoll_config* config,
               const struct atoll_bind* bind, unsigned task, unsigned tasks) {
  struct binding binding = {spank, task};
  if (board == NULL) {
    if (task == 0) warn("--atoll-bind:", "there is no memory for it");
  } else if (await_answer(spank, board, config, bind, tasks)) {
    read_answer(board->text, (size_t)board->size, task, take_line, &binding);
  }
}
