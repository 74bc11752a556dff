#define _GNU_SOURCE
#include "spank_plugin/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// After a fork only calls that are safe in a signal handler: slurmstepd has threads.

static void close_from(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, (unsigned)first, ~0u, 0) == 0) return;
#endif
  struct rlimit limit = {1024, 1024};
  getrlimit(RLIMIT_NOFILE, &limit);
  const int most = limit.rlim_cur < 65536 ? (int)limit.rlim_cur : 65536;
  for (int fd = first; fd < most; ++fd) close(fd);
}

// As a shell would start a program: no signal blocked or ignored.
static void reset_signals(void) {
  sigset_t none;
  for (int signal_number = 1; signal_number < NSIG; ++signal_number) signal(signal_number, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static void say_cannot_run(const char* path) {
  const char* words[] = {"atoll: error: ", path, " cannot be executed on this node\n"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; ++i)
    if (write(2, words[i], strlen(words[i])) < 0) return;
}

// Makes this child the program, with `kept` as descriptor 3.
static void become(const char* path, char* const argv[], char* const env[], int kept) {
  reset_signals();
  const int nothing = open("/dev/null", O_RDWR);
  if (nothing >= 0) dup2(nothing, 0);
  // dup2 onto itself would leave close-on-exec set.
  if (kept == 3)
    fcntl(3, F_SETFD, 0);
  else
    dup2(kept, 3);
  close_from(4);
  execve(path, argv, env);
  say_cannot_run(path);
  _exit(127);
}

static void wait_for(pid_t child) {
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
  }
}

// Two forks: the program is nobody's child that the script could wait for.
int start_detached(const char* path, char* const argv[], char* const env[], int held) {
  const pid_t child = fork();
  if (child < 0) return errno;
  if (child > 0) {
    wait_for(child);
    return 0;
  }
  if (fork() == 0) {
    setsid();
    become(path, argv, env, held);
  }
  _exit(0);
}

static long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Reads until the end of the pipe. Returns the number of bytes, or -1 at the deadline or when there is no room.
static long read_until(int fd, long deadline, char* text, size_t size) {
  size_t have = 0;
  while (have < size) {
    struct pollfd ready = {fd, POLLIN, 0};
    const long left = deadline - milliseconds();
    if (left <= 0) return -1;
    if (poll(&ready, 1, (int)left) <= 0) continue;
    const ssize_t read_now = read(fd, text + have, size - have);
    if (read_now == 0) return (long)have;
    if (read_now > 0) have += (size_t)read_now;
  }
  return -1;
}

// Waits for the end of a program that has closed all it shared with us, which is when it exits; kills what lingers.
static int end_of(pid_t child, long deadline) {
  int status = 0;
  for (;;) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) return status;
    if (ended < 0 && errno != EINTR) return 0;
    if (milliseconds() >= deadline) break;
    poll(NULL, 0, 1);
  }
  kill(child, SIGKILL);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

static int judge(int status, char* why, size_t why_size) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
  if (WIFSIGNALED(status))
    snprintf(why, why_size, "was killed by signal %d", WTERMSIG(status));
  else
    snprintf(why, why_size, "ended with exit code %d", WEXITSTATUS(status));
  return -1;
}

long run_bounded(const char* path, char* const argv[], char* const env[], unsigned seconds, char* text, size_t size,
                 char* why, size_t why_size) {
  const long deadline = milliseconds() + (long)seconds * 1000;
  const pid_t parent = getpid();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    snprintf(why, why_size, "could not be started: %s", strerror(errno));
    return -1;
  }
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(ends[1], 1);
    become(path, argv, env, ends[1]);
  }
  close(ends[1]);
  if (child < 0) {
    snprintf(why, why_size, "could not be started: %s", strerror(errno));
    close(ends[0]);
    return -1;
  }
  const long have = read_until(ends[0], deadline, text, size);
  close(ends[0]);
  if (have < 0) {
    const bool late = milliseconds() >= deadline;
    kill(child, SIGKILL);
    wait_for(child);
    if (late)
      snprintf(why, why_size, "did not answer within %u s", seconds);
    else
      snprintf(why, why_size, "printed more than %zu bytes", size);
    return -1;
  }
  return judge(end_of(child, deadline), why, why_size) == 0 ? have : -1;
}
