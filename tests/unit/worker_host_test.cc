#include "runtime/node/worker_host.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace Atoll {
namespace {

// A host whose workers are a shell script, and the pipe they print to.
struct HostTest {
  std::string folder;
  Fd read, write;
  std::optional<LineWriter> writer, err_writer;
  std::unique_ptr<WorkerHost> host;
  std::vector<WorkerHost::Event> events;

  explicit HostTest(double memory_watch = 0) {
    char name[] = "/tmp/atoll-worker-host-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder = name;
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    read.reset(ends[0]);
    write.reset(ends[1]);
    writer.emplace(write.get());
    err_writer.emplace(write.get());
    WorkerHost::Options options;
    options.node = "n1";
    options.machine.synthetic = true;
    options.folder = folder;
    options.environment = {{"PATH", "/usr/bin:/bin"}};
    options.memory_watch = memory_watch;
    options.out = &*writer;
    options.err = &*err_writer;
    host = std::move(*WorkerHost::create(std::move(options)));
    FindProgram find;
    find.job.job = ProcessId{1};
    find.job.directory = folder;
    find.job.path = folder + "/nothing";
    host->order(find);
    const auto found = [this] {
      return std::ranges::any_of(events, [](const auto& event) { return std::holds_alternative<WorkerHost::ProgramFound>(event); });
    };
    while (!found()) await_more();
    events.clear();
  }
  ~HostTest() {
    host.reset();
    std::filesystem::remove_all(folder);
  }

  void start(std::uint64_t worker, const std::string& body) {
    const std::string path = folder + "/program";
    if (!std::filesystem::exists(path)) std::ofstream(path) << "#!/bin/bash\n" << body;
    REQUIRE(::chmod(path.c_str(), 0700) == 0);
    StartWorker order;
    order.worker = ProcessId{worker};
    order.job = ProcessId{1};
    order.program = path;
    host->order(order);
  }

  // Until so many events happened, or for 10 s.
  void await(std::size_t count) {
    pollfd happened{host->event_fd(), POLLIN, 0};
    while (events.size() < count && ::poll(&happened, 1, 10'000) == 1)
      for (WorkerHost::Event& event : host->take_events()) events.push_back(std::move(event));
    REQUIRE(events.size() == count);
  }
  // One event or several, or for 10 s.
  void await_more() {
    pollfd happened{host->event_fd(), POLLIN, 0};
    REQUIRE(::poll(&happened, 1, 10'000) == 1);
    for (WorkerHost::Event& event : host->take_events()) events.push_back(std::move(event));
  }

  std::string cause(std::uint64_t worker) const {
    for (const WorkerHost::Event& event : events)
      if (const auto* ended = std::get_if<WorkerHost::WorkerEnded>(&event); ended && ended->worker == ProcessId{worker})
        return ended->cause;
    return "";
  }

  std::string said() {
    writer->flush();
    char bytes[4096];
    const ssize_t n = ::read(read.get(), bytes, sizeof bytes);
    return n > 0 ? std::string(bytes, static_cast<std::size_t>(n)) : "";
  }
};

}  // namespace

TEST_CASE_FIXTURE(HostTest, "HOST-2: a worker ends once, with its cause, after all it said") {
  start(7, "echo to the last; printf word; exit 3\n");
  await(1);
  CHECK(cause(7) == "exited with status 3");
  const std::string text = said();
  CHECK(text.starts_with("(n1 "));
  CHECK(text.find(") to the last\n(n1 ") != std::string::npos);
  CHECK(text.ends_with(") word\n"));
}

TEST_CASE_FIXTURE(HostTest, "HOST-2: a program that cannot be executed is an end, too") {
  StartWorker order;
  order.worker = ProcessId{7};
  order.job = ProcessId{1};
  order.program = folder + "/nothing";
  host->order(order);
  await(1);
  CHECK(cause(7) == "exited with status 127");
}

TEST_CASE_FIXTURE(HostTest, "HOST-3: a worker that does not end when asked is killed") {
  start(7, "trap '' TERM; echo deaf; while :; do sleep 60; done\n");
  pollfd deaf{read.get(), POLLIN, 0};
  REQUIRE(::poll(&deaf, 1, 10'000) == 1);
  host->order(KillWorker{ProcessId{7}});
  await(1);
  CHECK(cause(7).starts_with("was killed by signal 9"));
}

TEST_CASE_FIXTURE(HostTest, "HOST-3: and so are those that are left at its end") {
  start(7, "trap '' TERM; echo $$; while :; do sleep 60; done\n");
  pollfd up{read.get(), POLLIN, 0};
  REQUIRE(::poll(&up, 1, 10'000) == 1);
  const std::string text = said();
  const int pid = std::atoi(text.substr(text.find(')') + 1).c_str());
  REQUIRE(pid > 0);
  CHECK(::kill(pid, 0) == 0);
  host.reset();
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("HOST-5: a host says what its workers use while more memory is in use than its watch allows") {
  HostTest test(1e-9);
  test.start(7, "text=$(printf 'x%.0s' {1..200000}); while :; do sleep 60; done\n");
  const auto use = [&test]() -> std::uint64_t {
    const auto* shortage = test.events.empty() ? nullptr : std::get_if<MemoryShortage>(&test.events.back());
    return shortage == nullptr || shortage->workers.empty() ? 0 : shortage->workers[0].bytes;
  };
  const Time limit = now() + std::chrono::seconds(10);
  while (use() < 200'000 && now() < limit) test.await_more();
  REQUIRE(use() > 200'000);
  const MemoryShortage shortage = std::get<MemoryShortage>(test.events.back());
  CHECK(shortage.workers[0].worker == ProcessId{7});
  CHECK(shortage.used > shortage.workers[0].bytes);
  CHECK(shortage.limit > shortage.used);
  // And one that is ended at once is not asked first.
  const Time begin = now();
  test.host->order(KillWorker{ProcessId{7}, true});
  while (test.cause(7).empty() && now() < begin + std::chrono::seconds(10)) test.await_more();
  CHECK(test.cause(7).starts_with("was killed by signal 9"));
}

// The third worker is asked of a warm process, which does not answer: that lasts a second.
TEST_CASE_FIXTURE(HostTest, "HOST-1: nobody waits for a start that takes its time, and the next one follows it") {
  const std::string body = "if [ \"$ATOLL_WORKER\" = warm ]; then printf w >&3; echo warm; sleep 60; fi\n";
  for (const std::uint64_t worker : {1, 2}) start(worker, body);
  await(2);
  pollfd warm{read.get(), POLLIN, 0};
  REQUIRE(::poll(&warm, 1, 10'000) == 1);
  ::usleep(100'000);  // for the host to hear of it
  const Time begin = now();
  for (const std::uint64_t worker : {3, 4}) start(worker, body);
  CHECK(now() - begin < std::chrono::milliseconds(500));
  await(4);
  CHECK(now() - begin > std::chrono::milliseconds(900));
  for (const std::uint64_t worker : {3, 4}) CHECK(cause(worker) == "exited with status 0");
}

}  // namespace Atoll
