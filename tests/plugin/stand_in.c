#define _GNU_SOURCE
#include "tests/plugin/stand_in.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Long enough for a test to see that it is not waited for; it then ends by itself, should nobody have killed it.
enum { LONG = 20 * 1000 };

bool is_stand_in(int argc, char** argv) {
  return argc > 1 && (strcmp(argv[1], "up") == 0 || strcmp(argv[1], "bind") == 0 || strcmp(argv[1], "run") == 0);
}

static bool is_told(const char* what) {
  const char* told = getenv("STAND_IN");
  return told != NULL && strcmp(told, what) == 0;
}

// Those that are open, in order, but for the one that is used to look.
static void tell_descriptors(FILE* report) {
  bool is_open[64] = {false};
  DIR* directory = opendir("/proc/self/fd");
  for (struct dirent* entry; directory != NULL && (entry = readdir(directory)) != NULL;)
    if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory) && atoi(entry->d_name) != fileno(report))
      is_open[atoi(entry->d_name) % 64] = true;
  if (directory != NULL) closedir(directory);
  fprintf(report, "descriptors");
  for (int fd = 0; fd < 64; ++fd)
    if (is_open[fd]) fprintf(report, " %d", fd);
  fprintf(report, "\n");
}

static void tell_signals(FILE* report) {
  char line[256];
  unsigned long mask = 0;
  FILE* status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    if (sscanf(line, "SigBlk: %lx", &mask) == 1) fprintf(report, "blocked %lx\n", mask);
    // Without 32 and 33, which belong to libc: its posix_spawn, by which make starts us, leaves them ignored for good.
    if (sscanf(line, "SigIgn: %lx", &mask) == 1) fprintf(report, "ignored %lx\n", mask & ~(3ul << 31));
  }
  if (status != NULL) fclose(status);
}

static void tell(FILE* report, int argc, char** argv) {
  char input[64] = "";
  const ssize_t length = readlink("/proc/self/fd/0", input, sizeof input - 1);
  fprintf(report, "words");
  for (int i = 1; i < argc; ++i) fprintf(report, " %s", argv[i]);
  fprintf(report, "\npid %d\nleads its session: %s\n", getpid(), getsid(0) == getpid() ? "yes" : "no");
  fprintf(report, "stdin %s\n", length > 0 ? input : "closed");
  fprintf(report, "of the job: %s, of the program: %s\n", getenv("OF_THE_JOB") ? "yes" : "no",
          getenv("OF_THIS_PROGRAM") ? "yes" : "no");
  tell_descriptors(report);
  tell_signals(report);
  fflush(report);
}

static int up(FILE* report) {
  char byte;
  while (read(3, &byte, 1) > 0) {
  }
  if (is_told("stays")) poll(NULL, 0, LONG);
  fprintf(report, "ended\n");
  return 0;
}

static int first_cpu(void) {
  cpu_set_t cpus;
  int cpu = 0;
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return 0;
  while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &cpus)) ++cpu;
  return cpu;
}

static int bind_tasks(void) {
  if (is_told("late")) poll(NULL, 0, LONG);
  if (is_told("garbage")) return printf("Segmentation fault\n") < 0;
  if (is_told("nothing")) return printf("atoll-bind 1\nnothing\nend\n") < 0;
  printf("atoll-bind 1\ntask 0\ncpus %d\nset CUDA_VISIBLE_DEVICES=GPU-a\ntask 1\nset CUDA_VISIBLE_DEVICES=GPU-b\nend\n",
         first_cpu());
  return is_told("fails") ? 3 : 0;
}

int stand_in(int argc, char** argv) {
  const char* path = getenv("STAND_IN_REPORT");
  FILE* report = path == NULL ? NULL : fopen(path, "ae");
  int code = 5;
  if (report == NULL) return 6;
  tell(report, argc, argv);
  if (strcmp(argv[1], "up") == 0) code = up(report);
  if (strcmp(argv[1], "bind") == 0) code = bind_tasks();
  fclose(report);
  return code;
}
