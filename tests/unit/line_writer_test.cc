#include "runtime/base/line_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/node/worker_output.h"

namespace Atoll {
namespace {

// A pipe whose reader has stopped, until it reads.
struct Stuck {
  Fd read, write;
  LineWriter writer;

  Stuck() : Stuck(pipe()) {}
  explicit Stuck(std::pair<int, int> ends) : read(ends.first), write(ends.second), writer(write.get()) {}
  static std::pair<int, int> pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {ends[0], ends[1]};
  }

  // Reads until `bytes` are there, or for 10 s.
  std::string take(std::size_t bytes) {
    std::string text;
    pollfd ready{read.get(), POLLIN, 0};
    while (text.size() < bytes && ::poll(&ready, 1, 10'000) == 1) {
      char piece[4096];
      const ssize_t n = ::read(read.get(), piece, sizeof piece);
      if (n <= 0) break;
      text.append(piece, static_cast<std::size_t>(n));
    }
    return text;
  }

  bool has_room(int limit_ms) {
    pollfd room{writer.room_fd(), POLLIN, 0};
    return ::poll(&room, 1, limit_ms) == 1;
  }
};

std::string numbered(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

}  // namespace

TEST_CASE_FIXTURE(Stuck, "WRITER-1: lines come out in order") {
  const std::string wanted = numbered(1000);
  std::size_t from = 0;
  for (std::size_t end; (end = wanted.find('\n', from)) != std::string::npos; from = end + 1)
    writer.write(wanted.substr(from, end + 1 - from));
  CHECK(take(wanted.size()) == wanted);
  writer.flush();
}

TEST_CASE_FIXTURE(Stuck, "WRITER-1: a line longer than a pipe takes at once comes out whole, too") {
  const std::string wanted = "short\n" + std::string(10'000, 'x') + "\n" + numbered(3);
  writer.write(wanted);
  CHECK(take(wanted.size()) == wanted);
}

TEST_CASE_FIXTURE(Stuck, "WRITER-2: a reader that stops makes nobody wait, is told of once it reads, and misses nothing") {
  const std::string page = numbered(1000);
  std::string wanted;
  const Time begin = now();
  while (!writer.full()) {
    writer.write(page);
    wanted += page;
  }
  writer.write("beyond\n");
  wanted += "beyond\n";
  CHECK(now() - begin < std::chrono::seconds(5));
  CHECK_FALSE(has_room(50));
  CHECK(take(wanted.size()) == wanted);
  CHECK(has_room(10'000));
  writer.take_room();
  CHECK_FALSE(has_room(0));
  CHECK_FALSE(writer.full());
}

TEST_CASE_FIXTURE(Stuck, "WRITER-2: what is offered to a full writer is dropped, counted, and the next line says so") {
  writer.write(std::string(LineWriter::kFull + 100'000, 'x') + "\n");
  for (int i = 0; i < 3; ++i) writer.offer("dropped\n");
  take(LineWriter::kFull + 100'001);
  REQUIRE(has_room(10'000));
  writer.flush();
  writer.offer("taken\n");
  const std::string wanted = "(3 log lines were lost here: their reader was too slow)\ntaken\n";
  CHECK(take(wanted.size()) == wanted);
}

TEST_CASE_FIXTURE(Stuck, "WRITER-3: a reader that goes away ends the waiting for it") {
  writer.write(std::string(LineWriter::kFull + 100'000, 'x') + "\n");
  CHECK(writer.full());
  read.reset();
  writer.flush();
  CHECK_FALSE(writer.full());
  CHECK(has_room(10'000));
  writer.write("to nobody\n");
  writer.flush();
}

TEST_CASE_FIXTURE(Stuck, "a worker's output is not read while nobody reads ours, and all of it comes out later") {
  Loop loop = std::move(*Loop::create());
  OutputReader reader(loop, writer);
  REQUIRE(reader.open().ok());
  const auto [out, in] = pipe();
  const Fd ours(out), theirs(in);
  for (const int fd : {out, in}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  REQUIRE(reader.add(out, "(n1 7) ").ok());
  const std::string line = std::string(99, 'x') + "\n";
  std::size_t lines = 0;
  const auto print = [&] {
    for (; ::write(in, line.data(), line.size()) == static_cast<ssize_t>(line.size());) ++lines;
  };
  for (print(); !writer.full(); print()) loop.wait(now(), now());
  for (int i = 0; i < 3; ++i) loop.wait(now(), now());
  const std::size_t stuck_at = lines;
  print();
  loop.wait(now(), now());
  print();
  CHECK(lines - stuck_at <= 2 * 65'536 / line.size());  // a pipe's worth, and no more
  std::string text;
  const std::size_t wanted = lines * (7 + line.size());
  while (text.size() < wanted) {
    const std::string some = take(1);
    REQUIRE_FALSE(some.empty());
    text += some;
    loop.wait(now(), now());
  }
  CHECK(text.size() == wanted);
  CHECK(text.starts_with("(n1 7) " + line + "(n1 7) "));
  reader.remove(out);
}

}  // namespace Atoll
