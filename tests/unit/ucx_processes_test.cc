// The UCX transport between processes, each of its own and ended at will.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <string>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/wire/ucx_transport.h"
#include "tests/support/transport_worlds.h"

namespace Atoll {
namespace {

using std::chrono::milliseconds;

constexpr char kChildSecret[] = "ATOLL_TEST_CHILD_SECRET";
constexpr int kCallee = 3;  // a descriptor that a child reads an id and an address from, if it is to call

struct Echo : TransportHandler {
  std::unique_ptr<UcxTransport> transport;
  void on_message(ProcessId from, std::string_view message) override {
    (void)transport->send(from, "re: " + std::string(message));
  }
  void on_lost(ProcessId, const Status&) override {}
};

// Tells its id and address on stdout, then echoes until it is killed or left alone.
[[noreturn]] void run_child(const char* secret) {
  log::set_level("off");  // it would go to stdout
  Echo echo;
  const ProcessId self = random_process_id();
  auto transport = UcxTransport::create(self, Secret::from_hex(secret).value(), echo);
  if (!transport.ok()) _exit(1);
  echo.transport = std::move(*transport);
  const std::string hello =
      std::string(reinterpret_cast<const char*>(&self), sizeof self) + echo.transport->address();
  if (write(STDOUT_FILENO, hello.data(), hello.size()) < 0) _exit(1);
  close(STDOUT_FILENO);
  char callee[4096];
  const ssize_t length = read(kCallee, callee, sizeof callee);
  if (length > static_cast<ssize_t>(sizeof self)) {
    ProcessId id;
    __builtin_memcpy(&id, callee, sizeof id);
    echo.transport->learn(id, std::string(callee + sizeof id, static_cast<std::size_t>(length) - sizeof id));
    (void)echo.transport->send(id, "hello");
  }
  const pid_t parent = getppid();
  while (getppid() == parent) {
    while (echo.transport->progress(now())) {
    }
    if (!echo.transport->arm()) continue;
    pollfd waited{echo.transport->event_fd(), POLLIN, 0};
    poll(&waited, 1, 100);
  }
  _exit(0);
}

// UCX must be new in a process, so a child is this program again.
__attribute__((constructor)) void become_child_if_asked() {
  if (const char* secret = std::getenv(kChildSecret)) run_child(secret);
}

struct Child {
  pid_t pid = -1;
  ProcessId id = ProcessId::kNone;
  std::string address;

  // Calls `callee` if there is one.
  explicit Child(const Secret& secret, const TestProcess* callee = nullptr) {
    int ends[2], call[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    REQUIRE(pipe2(call, O_CLOEXEC) == 0);
    if (callee != nullptr) {
      const std::string words =
          std::string(reinterpret_cast<const char*>(&callee->id), sizeof callee->id) + callee->transport->address();
      REQUIRE(write(call[1], words.data(), words.size()) == static_cast<ssize_t>(words.size()));
    }
    const std::string hex = secret.to_hex();
    pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      dup2(ends[1], STDOUT_FILENO);
      if (call[0] == kCallee)
        fcntl(kCallee, F_SETFD, 0);
      else
        dup2(call[0], kCallee);
      setenv(kChildSecret, hex.c_str(), 1);
      execl("/proc/self/exe", "echo", nullptr);
      _exit(127);
    }
    close(ends[1]);
    close(call[0]);
    close(call[1]);
    std::string hello;
    char chunk[4096];
    for (ssize_t n; (n = read(ends[0], chunk, sizeof chunk)) > 0;) hello.append(chunk, static_cast<std::size_t>(n));
    close(ends[0]);
    REQUIRE(hello.size() > sizeof id);
    __builtin_memcpy(&id, hello.data(), sizeof id);
    address = hello.substr(sizeof id);
  }
  ~Child() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
};

}  // namespace

TEST_CASE("a killed process is noticed at once, even if nobody has waited for it") {
  for (const std::string transports : {"all", "posix", "tcp"}) {
    CAPTURE(transports);
    const OnlyTransports only(transports.c_str());
    UcxWorld world;
    TestProcess& anna = world.add();
    const Child child(world.secret);
    anna.transport->learn(child.id, child.address);
    REQUIRE(anna.transport->send(child.id, "hello").ok());
    REQUIRE(world.run_until([&] { return anna.messages.size() == 1; }));
    CHECK(anna.said(0) == "re: hello");

    // Asleep, to see that the death itself wakes us.
    kill(child.pid, SIGKILL);
    const Time killed = now();
    while (anna.losses.empty() && now() < killed + std::chrono::seconds(10)) {
      while (anna.transport->progress(now())) {
      }
      if (!anna.losses.empty() || !anna.transport->arm()) continue;
      pollfd waited{anna.transport->event_fd(), POLLIN, 0};
      poll(&waited, 1, 10'000);
    }
    REQUIRE(anna.losses.size() == 1);
    CHECK(anna.losses[0].first == child.id);
    const Duration took = now() - killed;
    MESSAGE("noticed over " << transports << " after " << seconds(took) * 1e3 << " ms");
    CHECK(took < std::chrono::seconds(1));
    world.settle();
    CHECK(anna.losses.size() == 1);
  }
}

TEST_CASE("a process that called us and is killed is noticed too") {
  for (const std::string transports : {"all", "tcp"}) {
    CAPTURE(transports);
    const OnlyTransports only(transports.c_str());
    UcxWorld world;
    TestProcess& anna = world.add();
    const Child child(world.secret, &anna);
    REQUIRE(world.run_until([&] { return anna.messages.size() == 1; }));
    CHECK(anna.messages[0] == std::pair<ProcessId, std::string>(child.id, "hello"));
    kill(child.pid, SIGKILL);
    const Time killed = now();
    REQUIRE(world.run_until([&] { return !anna.losses.empty(); }));
    CHECK(anna.losses[0].first == child.id);
    CHECK(now() - killed < std::chrono::seconds(1));
  }
}

TEST_CASE("what is sent to a dead process is lost, and what was queued for it is freed") {
  UcxWorld world;
  TestProcess& anna = world.add();
  const Child child(world.secret);
  anna.transport->learn(child.id, child.address);
  REQUIRE(anna.transport->send(child.id, "hello").ok());
  REQUIRE(world.run_until([&] { return anna.messages.size() == 1; }));
  kill(child.pid, SIGKILL);
  for (int i = 0; i < 1000; ++i) REQUIRE(anna.transport->send(child.id, std::string(10'000, 'x')).ok());
  REQUIRE(world.run_until([&] { return anna.losses.size() == 1; }));
  REQUIRE(anna.transport->send(child.id, "still there?").ok());
  REQUIRE(world.run_until([&] { return anna.losses.size() == 2; }));
}

// UCX neither sleeps nor forgets a process while messages for it wait in the
// queue of its shared memory, be it dead (ucx_dead_queue.h).
TEST_CASE("a process that died or hangs with its queue full does not keep us from sleeping") {  // TRANSPORT-4
  for (const int signal : {SIGKILL, SIGSTOP}) {
    CAPTURE(signal);
    UcxWorld world;
    TestProcess& anna = world.add();
    const Child child(world.secret);
    anna.transport->learn(child.id, child.address);
    REQUIRE(anna.transport->send(child.id, "hello").ok());
    REQUIRE(world.run_until([&] { return anna.messages.size() == 1; }));
    kill(child.pid, signal);
    for (int i = 0; i < 1000; ++i) REQUIRE(anna.transport->send(child.id, std::string(2000, 'x')).ok());
    if (signal == SIGKILL) REQUIRE(world.run_until([&] { return anna.losses.size() == 1; }));

    int awake = 0;
    for (const Time end = now() + milliseconds(200); now() < end; ++awake) {
      while (anna.transport->progress(now())) {
      }
      if (!anna.transport->arm()) continue;
      pollfd waited{anna.transport->event_fd(), POLLIN, 0};
      poll(&waited, 1, 100);
    }
    MESSAGE("woke " << awake << " times in 200 ms after signal " << signal);
    CHECK(awake < (signal == SIGKILL ? 50 : 150));
  }
}

TEST_CASE("a large message to a process that dies meanwhile is lost") {
  for (const std::string transports : {"all", "posix", "tcp"}) {
    CAPTURE(transports);
    const OnlyTransports only(transports.c_str());
    UcxWorld world;
    TestProcess& anna = world.add();
    const Child child(world.secret);
    anna.transport->learn(child.id, child.address);
    REQUIRE(anna.transport->send(child.id, "hello").ok());
    REQUIRE(world.run_until([&] { return anna.messages.size() == 1; }));
    for (int i = 0; i < 8; ++i) REQUIRE(anna.transport->send(child.id, std::string(8 << 20, 'x')).ok());
    world.turn();
    kill(child.pid, SIGKILL);
    REQUIRE(world.run_until([&] { return anna.losses.size() == 1; }));
  }
}

// UCX speaks of itself when it connects, and must not end the process when nobody is there to hear it (knock in ucx_endpoint.h).
TEST_CASE("processes that end while they connect, or are connected to, are losses and no more") {
  const OnlyTransports only("tcp");
  UcxWorld world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  bert.knows(anna);
  std::mt19937 random(7);
  for (int round = 0; round < 150; ++round) {
    const Child child(world.secret, round % 4 == 0 ? nullptr : &anna);
    if (round % 2 == 0) {
      anna.transport->learn(child.id, child.address);
      REQUIRE(anna.transport->send(child.id, "hello").ok());
    }
    for (const Time end = now() + std::chrono::microseconds(random() % 5000); now() < end;) world.turn();
  }
  REQUIRE(bert.send(anna, "all well").ok());
  REQUIRE(world.run_until([&] { return !anna.messages.empty() && anna.messages.back() == std::pair(bert.id, std::string("all well")); }));
}

// A send that is under way fails then, and UCX must not end the process over it (copy_over_tcp in ucx_worker.cc).
TEST_CASE("a connection that breaks in the middle of a message is a loss and no more") {
  const OnlyTransports only("tcp");
  for (const std::size_t size : {20'000, 100'000, 8'000'000}) {
    CAPTURE(size);
    for (int round = 0; round < 10; ++round) {
      UcxWorld world;
      TestProcess& anna = world.add();
      const Child child(world.secret);
      anna.transport->learn(child.id, child.address);
      REQUIRE(anna.transport->send(child.id, "hello").ok());
      REQUIRE(world.run_until([&] { return anna.messages.size() == 1; }));
      for (std::size_t sent = 0; sent < 32'000'000; sent += size)
        REQUIRE(anna.transport->send(child.id, std::string(size, 'x')).ok());
      for (const Time end = now() + std::chrono::microseconds(200 * round); now() < end;) world.turn();
      kill(child.pid, SIGKILL);
      REQUIRE(world.run_until([&] { return anna.losses.size() == 1; }));
    }
  }
}

}  // namespace Atoll
