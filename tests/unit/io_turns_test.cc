#include "runtime/client/io_turns.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "tests/support/fake_io.h"

namespace Atoll {
namespace {

using std::chrono::milliseconds;

// Ends serve() and its thread.
struct Served {
  IoTurns& turns;
  std::thread thread{[this] { turns.serve(); }};

  ~Served() {
    turns.stop();
    thread.join();
  }
};

}  // namespace

TEST_CASE("who waits fetches the answer itself") {
  FakeIo io;
  IoTurns turns(io);
  std::thread::id fetched_by;
  io.arrive([&] { fetched_by = std::this_thread::get_id(); });
  CHECK(turns.wait([&] { return fetched_by != std::thread::id(); }, std::nullopt));
  CHECK(fetched_by == std::this_thread::get_id());
  CHECK(io.sleeps() == 0);
}

TEST_CASE("who waits long sleeps, and wakes when the answer comes") {  // TURNS-4
  FakeIo io;
  IoTurns turns(io);
  std::atomic<bool> answered{false};
  std::thread answerer([&] {
    while (io.sleeps() == 0) std::this_thread::yield();
    io.arrive([&] { answered = true; });
  });
  CHECK(turns.wait([&] { return answered.load(); }, std::nullopt));
  answerer.join();
  CHECK(io.sleeps() < 10);
}

TEST_CASE("a wait ends at its deadline, and what is there already needs no round") {
  FakeIo io;
  IoTurns turns(io);
  CHECK(!turns.wait([] { return false; }, now() + milliseconds(3)));
  CHECK(!turns.wait([] { return false; }, now() - milliseconds(3)));
  CHECK(turns.wait([] { return true; }, now() - milliseconds(3)));
}

TEST_CASE("what one thread's turn settles wakes all that wait for it") {  // TURNS-2
  FakeIo io;
  IoTurns turns(io);
  std::atomic<int> waiting{0}, found{0};
  std::atomic<bool> settled{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      ++waiting;
      if (turns.wait([&] { return settled.load(); }, std::nullopt)) ++found;
    });
  while (waiting < 3 || io.sleeps() == 0) std::this_thread::yield();
  while (!turns.try_run([&](Time) { settled = true; })) std::this_thread::yield();
  for (std::thread& thread : threads) thread.join();
  CHECK(found == 3);
}

TEST_CASE("the I/O thread does the rounds while nobody waits, and again after somebody did") {  // TURNS-3
  FakeIo io;
  IoTurns turns(io);
  const Served served{turns};
  for (int i = 0; i < 5; ++i) {
    std::atomic<bool> handled{false}, answered{false};
    io.arrive([&] { handled = true; });
    const Time limit = now() + std::chrono::seconds(10);
    while (!handled && now() < limit) std::this_thread::yield();
    CHECK(handled);
    io.arrive([&] { answered = true; });
    CHECK(turns.wait([&] { return answered.load(); }, now() + std::chrono::seconds(10)));
  }
}

TEST_CASE("a kick in a round is followed by another round") {
  FakeIo io;
  IoTurns turns(io);
  int handled = 0;
  turns.try_run([&](Time) {
    CHECK(!turns.try_run([&](Time) { FAIL("two turns at a time"); }));
    io.arrive([&] {
      ++handled;
      io.arrive([&] { ++handled; });
      turns.kick();
    });
    turns.kick();
  });
  CHECK(handled == 2);
}

TEST_CASE("many threads that ask and wait are all answered, one round at a time") {  // TURNS-1
  FakeIo io;
  IoTurns turns(io);
  const Served served{turns};
  std::atomic<int> unanswered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 500; ++n) {
        std::atomic<bool> answered{false};
        io.arrive([&] { answered = true; });
        turns.kick();
        if (!turns.wait([&] { return answered.load(); }, now() + std::chrono::seconds(20))) ++unanswered;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(unanswered == 0);
  CHECK(!io.overlapped());
}

}  // namespace Atoll
