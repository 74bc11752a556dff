#pragma once

// Many tasks at once, tasks with many arguments or results, tasks that are processes.

#include <atoll/atoll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "bench/compare_calls.h"
#include "bench/compare_measure.h"
#include "bench/compare_objects.h"
#include "bench/compare_processes.h"

namespace Atoll::Compare {

inline void queue_10k(double) {
  get_many(1000, submit_small);
  print("queue_10k", time_of([] { get_many(10'000, submit_small); }));
}
inline void queue_1m(double) {
  get_many(1000, submit_small);
  print("queue_1m", time_of([] { get_many(1'000'000, submit_small); }));
}

// Keeps its CPUs until the file is gone.
inline void hold_while(std::string file) {
  while (std::filesystem::exists(file)) usleep(1000);
}
ATOLL_TASK(hold_while);

// What 100,000 tasks that wait for a CPU take in the driver, the node daemon and the head: bytes each.
inline void queue_bytes(double) {
  constexpr int kTasks = 100'000;
  get_many(1000, submit_small);
  const Daemons daemons = find_daemons();
  const auto resident = [&] {
    return resident_bytes(getpid()) + resident_bytes(daemons.node) + resident_bytes(daemons.head);
  };
  char file[] = "/tmp/atoll-compare-XXXXXX";
  close(mkstemp(file));
  std::vector<Atoll::Ref<void>> holders;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i)
    holders.push_back(Atoll::task(hold_while).submit(std::string(file)));
  std::vector<Text> refs;
  refs.reserve(kTasks);
  const double before = resident();
  for (int i = 0; i < kTasks; ++i) refs.push_back(submit_small());
  const double after = resident();
  std::filesystem::remove(file);
  Atoll::get(refs);
  print("queue_bytes", (after - before) / kTasks, kTasks);
}

inline long add_up(Numbers numbers) {
  long sum = 0;
  for (const int number : Atoll::get(numbers)) sum += number;
  return sum;
}
ATOLL_TASK(add_up);

// A task that is given 10,000 Refs and needs all their values, from submit to result.
inline void args_10k(double) {
  const Numbers numbers = put_numbers(10'000);
  Atoll::task(add_up).submit(Numbers(numbers.begin(), numbers.begin() + 10)).get();
  print("args_10k", time_of([&] { Atoll::task(add_up).submit(numbers).get(); }));
}

inline std::vector<int> count_up(int n) {
  std::vector<int> numbers(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int>(i);
  return numbers;
}
ATOLL_TASK(count_up);

// A task of 3,000 results with a Ref each, from submit until the last was got.
inline void results_3k(double) {
  const auto run = [](int n) {
    Atoll::get(Atoll::split(Atoll::task(count_up).submit(n), static_cast<std::size_t>(n)));
  };
  run(10);
  print("results_3k", time_of([&] { run(3000); }));
}

inline int run_true() {
  char program[] = "/bin/true";
  char* const arguments[] = {program, nullptr};
  pid_t child = 0;
  int status = -1;
  if (posix_spawn(&child, program, nullptr, nullptr, arguments, environ) != 0) return status;
  waitpid(child, &status, 0);
  return status;
}
ATOLL_TASK(run_true);

inline void processes(double seconds) {
  print("processes", rate_of(100, seconds, [] {
          std::vector<Atoll::Ref<int>> refs;
          for (int i = 0; i < 100; ++i) refs.push_back(Atoll::task(run_true).submit());
          Atoll::get(refs);
        }));
}

}  // namespace Atoll::Compare
