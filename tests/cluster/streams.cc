// A driver that reads the results of tasks while they run; tests/cluster/streams.sh says what must come of it.

#include <atoll/atoll.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using Atoll::Ref;
using Atoll::RefStream;
using Atoll::Stream;
using Atoll::task;
using std::chrono::milliseconds;
using std::chrono::seconds;

int runs_of(const std::string& file) { return std::filesystem::exists(file) ? static_cast<int>(std::filesystem::file_size(file)) : 0; }
void note(const std::string& file) {
  const int fd = ::open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  [[maybe_unused]] const ssize_t n = ::write(fd, "x", 1);
  ::close(fd);
}

Stream<int> count(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}
ATOLL_TASK(count);

Stream<std::string> fail_after(int n) {
  for (int i = 0; i < n; ++i) co_yield "item " + std::to_string(i);
  throw std::out_of_range("shelf 7 is empty");
}
ATOLL_TASK(fail_after);

// Notes each item in the file before it yields it, and its own end.
Stream<int> note_each(const std::string& file) {
  struct AtEnd {
    std::string file;
    ~AtEnd() { note(file + ".end"); }
  };
  const AtEnd at_end{file};
  for (int i = 0;; ++i) {
    note(file);
    co_yield i;
  }
}
ATOLL_TASK(note_each);

// Dies once in the middle.
Stream<int> die_once(const std::string& file, int n) {
  for (int i = 0; i < n; ++i) {
    if (i == n / 2 && runs_of(file) == 0) {
      note(file);
      ::raise(SIGKILL);
    }
    co_yield i;
  }
}
ATOLL_TASK(die_once);

int add(int a, int b) { return a + b; }
ATOLL_TASK(add);

// A task that reads the stream of another, and yields as it reads.
Stream<int> doubled(int n) {
  for (const Ref<int>& each : task(count).submit(n)) co_yield 2 * each.get();
}
ATOLL_TASK(doubled);

template <typename T>
long sum_of(RefStream<T> stream) {
  long sum = 0;
  for (const Ref<T>& each : stream) sum += each.get();
  return sum;
}

void wait_until_noted(const std::string& file, int times) {
  while (runs_of(file) < times) std::this_thread::sleep_for(milliseconds(1));
}

void errors() {
  RefStream<std::string> stream = task(fail_after).submit(2);
  try {
    while (const auto item = stream.next()) std::cout << "before the error: " << item->get() << std::endl;
  } catch (const Atoll::TaskError& error) {
    std::cout << "the error: " << error.message() << std::endl;
  }
  try {
    const RefStream<int> refused = task(count).ahead(0).submit(1);
  } catch (const Atoll::Error& error) {
    std::cout << "ahead: " << error.what() << std::endl;
  }
}

void backpressure(const std::string& folder) {
  const std::string file = folder + "/noted";
  {
    RefStream<int> stream = task(note_each).ahead(5).submit(file);
    wait_until_noted(file, 5);
    // Its CPU is lent while it waits for its reader, though it is one of two.
    std::cout << "meanwhile: " << task(add).cpus(2).submit(1, 2).get(seconds(20)) << std::endl;
    std::cout << "unread: " << runs_of(file) << std::endl;
    for (int i = 0; i < 10; ++i) stream.next();
    wait_until_noted(file, 14);
    std::cout << "read 10: at most " << (runs_of(file) <= 15) << std::endl;
  }
  wait_until_noted(file + ".end", 1);
  std::cout << "the generator was destroyed" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::string folder = argv[1];
  std::cout << "all: " << sum_of(task(count).submit(10'000)) << std::endl;
  std::cout << "none: " << sum_of(task(count).submit(0)) << std::endl;
  std::cout << "one at a time: " << sum_of(task(count).ahead(1).submit(1'000)) << std::endl;
  std::cout << "of a stream: " << sum_of(task(doubled).submit(1'000)) << std::endl;
  errors();
  const long sum = sum_of(task(die_once).submit(folder + "/died", 100));  // first: what it warns of is no part of the line
  std::cout << "died once: " << sum << std::endl;
  RefStream<int> stream = task(count).submit(3);
  const Ref<int> first = *stream.next();
  std::cout << "as argument: " << task(add).submit(*stream.next(), first).get() << std::endl;
  backpressure(folder);
  RefStream<int> endless = task(note_each).submit(folder + "/endless");
  endless.next();
  cancel(endless);
  try {
    while (endless.next(seconds(20))) {
    }
  } catch (const Atoll::CancelledError& error) {
    std::cout << "cancelled: " << error.what() << std::endl;
  }
  std::cout << "all done" << std::endl;
}
