// A driver whose tasks submit, wait for, cancel and retry tasks; its first argument says which. tests/cluster/nesting.sh
// says what must come of it.

#include <atoll/atoll.h>

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/driver_words.h"

namespace {

using Atoll::CancelledError;
using Atoll::Ref;
using Atoll::task;
using Atoll::testing::say_error;
using Atoll::testing::touch;
using Atoll::testing::wait_for_file;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct ShelfError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

int depth_of(int levels);
ATOLL_TASK(depth_of);
// So many tasks within each other, each waiting for the next.
int depth_of(int levels) { return levels == 0 ? 0 : 1 + task(depth_of).submit(levels - 1).get(); }

int add(int a, int b) { return a + b; }
ATOLL_TASK(add);

// Two tasks for each call, as the textbook's.
int fibonacci(int n);
ATOLL_TASK(fibonacci);
int fibonacci(int n) {
  if (n < 2) return n;
  const Ref<int> a = task(fibonacci).submit(n - 1), b = task(fibonacci).submit(n - 2);
  return a.get() + b.get();
}

// Waits for what is submitted after it, by whoever writes the file.
int one_once_there(const std::string& file) {
  wait_for_file(file);
  return 1;
}
ATOLL_TASK(one_once_there);
void make_file(const std::string& file) { touch(file); }
ATOLL_TASK(make_file);
int sum_of(const std::vector<Ref<int>>& parts) {
  int sum = 0;
  for (const Ref<int>& part : parts) sum += part.get();
  return sum;
}
ATOLL_TASK(sum_of);

// Says by a file that it runs, and works until it is cancelled.
void work_until_cancelled(const std::string& file) {
  touch(file);
  while (!Atoll::this_task().is_cancelled()) std::this_thread::sleep_for(milliseconds(1));
  throw CancelledError("the work is broken off");
}
ATOLL_TASK(work_until_cancelled);

void ignore_all(const std::string& file) {
  touch(file);
  std::this_thread::sleep_for(seconds(1000));
}
ATOLL_TASK(ignore_all);

void wait_for_child(const std::string& file) { task(work_until_cancelled).submit(file).get(); }
ATOLL_TASK(wait_for_child);

// Throws so many times, as the file counts, then answers.
int throw_first(const std::string& file, int times) {
  const int fd = ::open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  [[maybe_unused]] const ssize_t n = ::write(fd, "x", 1);
  ::close(fd);
  const auto runs = static_cast<int>(std::filesystem::file_size(file));
  if (runs <= times) throw ShelfError("shelf " + std::to_string(runs) + " is empty");
  return runs;
}
ATOLL_TASK(throw_first);

int overflow_the_stack(int n) {
  volatile char room[4096];
  room[n % 4096] = 1;
  return n == 0 ? room[0] : overflow_the_stack(n + 1) + room[n % 4096];
}
ATOLL_TASK(overflow_the_stack);

void nest(const std::string&) {
  std::cout << "30 deep: " << task(depth_of).submit(30).get() << std::endl;
  std::cout << "fibonacci: " << task(fibonacci).submit(9).get() << std::endl;
  say_error("endless", [] { task(depth_of).retries(0).submit(1'000'000).get(); });
  std::cout << "after it: " << task(add).submit(20, 3).get() << std::endl;
}

// The second task waits for those behind it, which were pushed to its worker while all was short.
void wait_for_later(const std::string& folder) {
  for (int i = 0; i < 2'000; ++i) task(add).submit(i, 1).get();
  std::vector<Ref<int>> all;
  for (int round = 0; round < 50; ++round) {
    std::vector<Ref<int>> parts;
    for (int i = 0; i < 20; ++i) parts.push_back(task(add).submit(i, 0));
    all.push_back(task(sum_of).submit(parts));
  }
  int sum = 0;
  for (const Ref<int>& each : all) sum += each.get();
  std::cout << "sums: " << sum << std::endl;
  // All CPUs wait for one task that is submitted last.
  std::vector<Ref<int>> waiters;
  for (int i = 0; i < 8; ++i) waiters.push_back(task(sum_of).submit(std::vector<Ref<int>>{task(add).submit(i, 1)}));
  const std::string file = folder + "/last";
  const Ref<int> last = task(one_once_there).submit(file);
  for (const Ref<int>& each : waiters) sum += each.get();
  touch(file);
  std::cout << "last: " << last.get() + sum << std::endl;
}

// Each round, one task waits in a way that its worker does not see, for one that may have been pushed behind it.
void wait_unseen(const std::string& folder) {
  int sum = 0;
  for (int round = 0; round < 10; ++round) {
    std::vector<Ref<int>> adds;
    for (int i = 0; i < 1'000; ++i) adds.push_back(task(add).submit(i, 1));
    for (const Ref<int>& each : adds) sum += each.get() > 0;
    adds.clear();
    const std::string file = folder + "/round" + std::to_string(round);
    const Ref<int> waiter = task(one_once_there).submit(file);
    for (int i = 0; i < 100; ++i) adds.push_back(task(add).submit(i, 1));
    const Ref<void> maker = task(make_file).submit(file);
    maker.get();
    for (const Ref<int>& each : adds) sum += each.get() > 0;
    sum += waiter.get();
  }
  std::cout << "unseen: " << sum << std::endl;
}

void cancel_tasks(const std::string& folder) {
  const auto file = [&folder](const std::string& name) { return folder + "/" + name; };
  const Ref<void> running = task(work_until_cancelled).submit(file("runs"));
  wait_for_file(file("runs"));
  cancel(running);
  say_error("running", [&] { running.get(seconds(20)); });

  const Ref<void> stubborn = task(ignore_all).submit(file("stubborn"));
  wait_for_file(file("stubborn"));
  cancel(stubborn);
  say_error("stubborn", [&] { stubborn.get(milliseconds(300)); });
  cancel(stubborn, {.force = true});
  say_error("forced", [&] { stubborn.get(seconds(20)); });

  const Ref<void> parent = task(wait_for_child).submit(file("child"));
  wait_for_file(file("child"));
  cancel(parent);
  say_error("recursive", [&] { parent.get(seconds(20)); });

  const Ref<int> queued = task(add).cpus(1).resource("never_here", 0).submit(1, 2);
  cancel(queued);
  const Ref<int> done = task(add).submit(1, 2);
  done.get();
  cancel(done);
  std::cout << "done: " << done.get() << std::endl;
  std::cout << "after: " << task(add).submit(20, 3).get(seconds(20)) << std::endl;
}

void retry(const std::string& folder) {
  std::cout << "any: " << task(throw_first).retry_errors().submit(folder + "/any", 3).get() << std::endl;
  std::cout << "base: " << task(throw_first).retry_on<std::runtime_error>().submit(folder + "/base", 2).get() << std::endl;
  say_error("other", [&] { task(throw_first).retry_on<std::logic_error>().submit(folder + "/other", 1).get(); });
  say_error("often", [&] { task(throw_first).retries(1).retry_errors().name("night run").submit(folder + "/often", 9).get(); });
  try {
    task(throw_first).submit(folder + "/type", 1).get();
  } catch (const Atoll::TaskError& error) {
    std::cout << "is: " << error.is<ShelfError>() << error.is<std::runtime_error>() << error.is<std::logic_error>() << std::endl;
  }
  say_error("stack", [] { task(overflow_the_stack).retries(0).submit(1).get(); });
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::map<std::string, void (*)(const std::string&)> ways = {
      {"nest", nest}, {"later", wait_for_later}, {"unseen", wait_unseen}, {"cancel", cancel_tasks}, {"retry", retry}};
  ways.at(argv[1])(argv[2]);
  std::cout << "all done" << std::endl;
}
