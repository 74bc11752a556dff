// What this machine can do at best; for bench/compare.
//
//   compare_limits [SECONDS]     about SECONDS (1) for each
//
// Prints "NAME VALUE" a line: a round trip between two processes that spin on shared memory and between two that sleep
// on a futex (us), memcpy of a buffer larger than the caches whose pages were touched (GB/s), and processes a second
// that are started and waited for, by one process on each CPU: forked, and spawned as /bin/true.

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <numeric>
#include <vector>

#include "bench/compare_measure.h"

extern char** environ;

namespace {

// Two processes' two words, each in a cache line of its own.
struct Shared {
  alignas(64) std::atomic<std::uint32_t> ask{0};
  alignas(64) std::atomic<std::uint32_t> answer{0};
};

void spin(std::atomic<std::uint32_t>& word, std::uint32_t wanted) {
  while (word.load(std::memory_order_acquire) != wanted) __builtin_ia32_pause();
}
void say_spinning(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  word.store(value, std::memory_order_release);
}

void sleep_until(std::atomic<std::uint32_t>& word, std::uint32_t wanted) {
  for (std::uint32_t is; (is = word.load(std::memory_order_acquire)) != wanted;)
    syscall(SYS_futex, &word, FUTEX_WAIT, is, nullptr, nullptr, 0);
}
void say_waking(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  word.store(value, std::memory_order_release);
  syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

void check(bool good, const char* what) {
  if (good) return;
  std::perror(what);
  std::exit(1);
}

// Round trips between this process and a child, the means of a thousand in a row each, best first: microseconds.
template <typename Wait, typename Say>
std::vector<double> round_trips(double seconds, Wait wait, Say say) {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(memory != MAP_FAILED, "mmap");
  Shared& shared = *new (memory) Shared;
  const pid_t child = fork();
  check(child >= 0, "fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (std::uint32_t i = 1;; ++i) wait(shared.ask, i), say(shared.answer, i);
  }
  std::uint32_t trips = 0;
  std::vector<double> means;
  Atoll::Compare::rate_of(1000, seconds, [&] {
    means.push_back(1e6 / 1000 * Atoll::Compare::time_of([&] {
                      for (int i = 0; i < 1000; ++i) say(shared.ask, ++trips), wait(shared.answer, trips);
                    }));
  });
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  munmap(memory, sizeof(Shared));
  std::sort(means.begin(), means.end());
  return means;
}

double memcpy_rate(double seconds) {
  constexpr std::size_t kBytes = 256u << 20;
  const std::vector<char> from(kBytes, 1);
  std::vector<char> to(kBytes, 2);
  return Atoll::Compare::rate_of(kBytes / 1e9, seconds, [&] {
    std::memcpy(to.data(), from.data(), kBytes);
    asm volatile("" ::"r"(to.data()) : "memory");
  });
}

void fork_and_wait() {
  const pid_t child = fork();
  check(child >= 0, "fork");
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
}

void spawn_and_wait() {
  char program[] = "/bin/true";
  char* const arguments[] = {program, nullptr};
  pid_t child = 0;
  check(posix_spawn(&child, program, nullptr, nullptr, arguments, environ) == 0, program);
  waitpid(child, nullptr, 0);
}

int cpus() {
  cpu_set_t set;
  check(sched_getaffinity(0, sizeof set, &set) == 0, "sched_getaffinity");
  return CPU_COUNT(&set);
}

// The sum of the rates of a process on each CPU.
double rate_on_all_cpus(double seconds, void (*once)()) {
  const std::size_t bytes = sizeof(double) * CPU_SETSIZE;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(memory != MAP_FAILED, "mmap");
  double* const rates = static_cast<double*>(memory);
  std::vector<pid_t> children;
  for (int i = 0; i < cpus(); ++i) {
    children.push_back(fork());
    check(children.back() >= 0, "fork");
    if (children.back() == 0) rates[i] = Atoll::Compare::rate_of(1, seconds, once), _exit(0);
  }
  for (const pid_t child : children) waitpid(child, nullptr, 0);
  const double sum = std::accumulate(rates, rates + children.size(), 0.0);
  munmap(memory, bytes);
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
  // Of those that spin the best, since what else the machine does is no part of its limit.
  Atoll::Compare::print("spin_trip", round_trips(seconds, spin, say_spinning).front());
  const std::vector<double> sleeping = round_trips(seconds, sleep_until, say_waking);
  Atoll::Compare::print("futex_trip", sleeping[sleeping.size() / 2]);
  Atoll::Compare::print("memcpy", memcpy_rate(seconds));
  Atoll::Compare::print("fork", rate_on_all_cpus(seconds, fork_and_wait));
  Atoll::Compare::print("spawn", rate_on_all_cpus(seconds, spawn_and_wait));
}
