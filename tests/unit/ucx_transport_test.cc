#include "runtime/wire/ucx_transport.h"

#include <doctest/doctest.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

#include "runtime/base/log.h"
#include "runtime/wire/ucx_dead_queue.h"
#include "tests/support/transport_worlds.h"
#include "tests/support/ucx_stranger.h"

namespace Atoll {
namespace {

using std::chrono::milliseconds;

struct Quiet {  // dropped messages are expected here
  Quiet() { log::set_level("off"); }
  ~Quiet() { log::set_level("info"); }
};

// UCX_TLS for what is made in its scope.
struct OnlyTransports {
  explicit OnlyTransports(const char* names) { setenv("UCX_TLS", names, 1); }
  ~OnlyTransports() { unsetenv("UCX_TLS"); }
};

int open_descriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

// A stranger who knows the secret, and has made a connection with it.
struct Renegade {
  ProcessId id = random_process_id();
  UcxStranger wire;
  Hello hello;
  std::uint32_t sequence = 0;

  Renegade(UcxWorld& world, const TestProcess& target)
      : wire(target.transport->address()), hello(Hello::connecting(world.secret, id, target.id)) {
    wire.offer(hello.offer(), 7);
    REQUIRE(world.run_until([&] {
      wire.progress();
      return !wire.answers.empty();
    }));
    std::string proof = hello.receive(wire.answers[0].second).value();
    const ProofTail tail{1};
    proof.append(reinterpret_cast<const char*>(&tail), sizeof tail);
    proof += wire.address();
    wire.send(kHelloAm, HelloHeader{wire.answers[0].first.from, 7}, proof);
  }
  DataHeader next() { return {hello.send_token(), sequence++}; }
};

// Two who talk while others do harm.
struct Bystanders {
  UcxWorld& world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  int said = 0;

  explicit Bystanders(UcxWorld& its_world) : world(its_world) {
    anna.knows(bert);
    talk();
  }
  void talk() {
    ++said;
    REQUIRE(anna.send(bert, "all well").ok());
    REQUIRE(world.run_until([&] { return heard() == said; }));
    CHECK(anna.losses.empty());
  }
  int heard() const {
    int count = 0;
    for (const auto& message : bert.messages) count += message.first == anna.id;
    return count;
  }
};

}  // namespace

TEST_CASE("an idle transport sleeps on its descriptor and wakes for a message") {  // TRANSPORT-4
  for (const std::string transports : {"all", "posix", "tcp"}) {
    CAPTURE(transports);
    const OnlyTransports only(transports.c_str());
    UcxWorld world;
    TestProcess& anna = world.add();
    TestProcess& bert = world.add();
    anna.knows(bert);
    REQUIRE(anna.send(bert, "one").ok());
    REQUIRE(world.run_until([&] { return bert.messages.size() == 1; }));
    world.settle();

    while (!bert.transport->arm()) bert.transport->progress(now());
    pollfd waited{bert.transport->event_fd(), POLLIN, 0};
    CHECK(poll(&waited, 1, 0) == 0);
    REQUIRE(anna.send(bert, "two").ok());
    while (anna.transport->progress(now())) {
    }
    const Time asleep = now();
    CHECK(poll(&waited, 1, 5000) == 1);
    CHECK(now() - asleep < milliseconds(500));  // what wakes for deadlines comes a second later
    REQUIRE(world.run_until([&] { return bert.messages.size() == 2; }));
  }
}

TEST_CASE("hundreds of connections over shared memory leave no descriptor behind") {
  UcxWorld world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  const int before = open_descriptors();
  for (int i = 1; i <= 300; ++i) {
    CAPTURE(i);
    REQUIRE(anna.send(bert, "hello").ok());
    REQUIRE(world.run_until([&] { return static_cast<int>(bert.messages.size()) == i; }));
    anna.transport->disconnect(bert.id);
    REQUIRE(world.run_until([&] { return static_cast<int>(bert.losses.size()) == i; }));
  }
  world.settle();
  CHECK(open_descriptors() <= before + 4);
}

TEST_CASE("connections over TCP leave no descriptor behind") {
  const OnlyTransports only("tcp");
  UcxWorld world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  bert.knows(anna);
  const int before = open_descriptors();
  for (int i = 1; i <= 100; ++i) {
    CAPTURE(i);
    REQUIRE(anna.send(bert, "hello").ok());
    if (i % 3 == 0) REQUIRE(bert.send(anna, "hello to you").ok());
    REQUIRE(world.run_until([&] { return static_cast<int>(bert.messages.size()) == i; }));
    anna.transport->disconnect(bert.id);
    REQUIRE(world.run_until([&] { return static_cast<int>(bert.losses.size()) == i; }));
  }
  REQUIRE(world.run_until([&] { return open_descriptors() <= before + 4; }));
}

TEST_CASE("garbage is dropped and harms nobody") {  // TRANSPORT-3
  const Quiet quiet;
  UcxWorld world;
  Bystanders bystanders(world);
  UcxStranger stranger(bystanders.bert.transport->address());
  const std::size_t sizes[] = {0, 1, kHelloBytes - 1, kHelloBytes, kHelloBytes + 1, 4000, 100'000};
  for (const unsigned am : {kHelloAm, kDataAm, kControlAm}) {
    for (const std::size_t size : sizes) {
      stranger.send(am, char('x'), std::string(size, 'x'), UCP_AM_SEND_FLAG_REPLY);
      stranger.send(am, HelloHeader{0, 1}, std::string(size, 'x'), UCP_AM_SEND_FLAG_REPLY);
      stranger.send(am, HelloHeader{0, 1}, std::string(size, 'x'));
      stranger.send(am, HelloHeader{3, 4}, std::string(size, 'x'), UCP_AM_SEND_FLAG_REPLY);
      stranger.send(am, DataHeader{5, 6}, std::string(size, 'x'));
      stranger.send(am, ControlHeader{5, 6, Control::kGoodbye}, std::string(size, 'x'));
    }
  }
  for (int i = 0; i < 1000; ++i) {
    stranger.progress();
    world.turn();
  }
  bystanders.talk();
  CHECK(bystanders.bert.losses.empty());
  CHECK(bystanders.heard() == static_cast<int>(bystanders.bert.messages.size()));
  CHECK(stranger.answers.empty());
  CHECK(stranger.others == 0);
}

TEST_CASE("a stranger with the wrong secret gets an answer and no further") {  // TRANSPORT-2
  const Quiet quiet;
  UcxWorld world;
  Bystanders bystanders(world);
  UcxStranger stranger(bystanders.bert.transport->address());
  Hello hello = Hello::connecting(Secret::random(), random_process_id(), bystanders.bert.id);
  stranger.offer(hello.offer(), 7);
  REQUIRE(world.run_until([&] {
    stranger.progress();
    return !stranger.answers.empty();
  }));
  const HelloHeader reply{stranger.answers[0].first.from, 7};
  stranger.send(kHelloAm, reply, stranger.answers[0].second + std::string(100, 'x'));  // a reflection
  stranger.send(kHelloAm, reply, std::string(kHelloBytes + 100, 'x'));
  stranger.send(kDataAm, DataHeader{1, 0}, "may I?");
  for (int i = 0; i < 1000; ++i) {
    stranger.progress();
    world.turn();
  }
  bystanders.talk();
  CHECK(bystanders.bert.losses.empty());
  CHECK(bystanders.heard() == static_cast<int>(bystanders.bert.messages.size()));
}

TEST_CASE("no more hellos are begun than may be unfinished at once") {
  const Quiet quiet;
  UcxWorld world;
  Bystanders bystanders(world);
  UcxStranger stranger(bystanders.bert.transport->address());
  const std::size_t limit = UcxTransport::Options().max_unproven;
  const std::string offer = Hello::connecting(world.secret, random_process_id(), bystanders.bert.id).offer();
  for (std::size_t i = 0; i < limit + 100; ++i) stranger.offer(offer, i + 1);
  REQUIRE(world.run_until([&] {
    stranger.progress();
    return stranger.answers.size() >= limit;
  }));
  for (int i = 0; i < 1000; ++i) {
    stranger.progress();
    world.turn();
  }
  CHECK(stranger.answers.size() == limit);
  bystanders.talk();

  world.skip(kHelloTimeout + milliseconds(500));
  stranger.offer(offer, 1);
  REQUIRE(world.run_until([&] {
    stranger.progress();
    return stranger.answers.size() == limit + 1;
  }));
}

TEST_CASE("a peer that knows the secret and leaves out a message loses its connection") {  // TRANSPORT-1
  const Quiet quiet;
  UcxWorld world;
  Bystanders bystanders(world);
  Renegade renegade(world, bystanders.bert);
  renegade.wire.send(kDataAm, renegade.next(), "one");
  (void)renegade.next();
  renegade.wire.send(kDataAm, renegade.next(), "three");
  REQUIRE(world.run_until([&] {
    renegade.wire.progress();
    return !bystanders.bert.losses.empty();
  }));
  CHECK(bystanders.bert.messages.back().second == "one");
  CHECK(bystanders.bert.losses[0].first == renegade.id);
  bystanders.talk();
}

// It needs a message between the last two looks at the queue: a sanitizer is too slow for that.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a transport ends well though somebody goes on to speak to it, and takes no farewell") {
  const Quiet quiet;
  UcxWorld world;
  TestProcess& anna = world.add();
  Renegade renegade(world, anna);
  renegade.wire.send(kDataAm, renegade.next(), "one");
  REQUIRE(world.run_until([&] {
    renegade.wire.progress();
    return !anna.messages.empty();
  }));
  std::atomic<bool> over = false;
  int said = 0;
  std::thread speaker([&] {
    for (; !over; ++said) {
      renegade.wire.send(kDataAm, renegade.next(), "on and on");
      for (int i = 0; i < 20; ++i) renegade.wire.progress();
    }
  });
  anna.transport.reset();
  over = true;
  speaker.join();
  // UCX keeps the memory of a queue that it still has messages for, and a test after this one looks at what is mapped.
  for (; said > 0; said -= 16) {
    empty_dead_queues({getpid()});
    renegade.wire.progress();
  }
}
#endif

TEST_CASE("a peer that announces a message too long loses its connection before a byte is allocated") {  // TRANSPORT-3
  const Quiet quiet;
  UcxWorld world;
  Bystanders bystanders(world);
  Renegade renegade(world, bystanders.bert);
  // Never touched, so it costs no memory.
  const std::size_t size = kMaxMessageBytes + 1;
  void* space = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(space != MAP_FAILED);
  renegade.wire.send_in_place(kDataAm, renegade.next(), static_cast<const char*>(space), size);
  REQUIRE(world.run_until([&] {
    renegade.wire.progress();
    return !bystanders.bert.losses.empty();
  }));
  CHECK(bystanders.bert.losses[0].first == renegade.id);
  CHECK(bystanders.bert.losses[0].second.code() == Code::kInvalidArgument);
  bystanders.talk();
  for (int i = 0; i < 100; ++i) renegade.wire.progress();
  munmap(space, size);
}

// Processes of their own, which this program becomes again (child_process).

namespace {

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
