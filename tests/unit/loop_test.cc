#include "runtime/base/loop.h"

#include <doctest/doctest.h>
#include <unistd.h>

namespace Atoll {
namespace {

struct Pipe {
  Fd read, write;

  Pipe() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  void fill() const { REQUIRE(::write(write.get(), "x", 1) == 1); }
};

Loop new_loop() {
  Result<Loop> loop = Loop::create();
  REQUIRE(loop.ok());
  return std::move(*loop);
}

}  // namespace

TEST_CASE("a loop calls for what is readable, until it is removed") {
  Loop loop = new_loop();
  const Pipe pipe;
  int calls = 0;
  REQUIRE(loop.add(pipe.read.get(), [&] { ++calls; }).ok());
  loop.wait(Time{}, Time{});
  CHECK(calls == 0);
  pipe.fill();
  loop.wait(Time{}, Time{} + std::chrono::seconds(5));
  CHECK(calls == 1);
  loop.remove(pipe.read.get());
  loop.remove(pipe.read.get());  // twice does no harm
  loop.wait(Time{}, Time{});
  CHECK(calls == 1);
}

TEST_CASE("a descriptor with the number of one that was closed is not called for what that one had") {
  Loop loop = new_loop();
  Pipe first, second;
  int heirs = 0;
  // Whichever is called first closes the other one, and adds an empty pipe under its number.
  const auto replace = [&](Pipe& self, Pipe& other) {
    const Pipe empty;
    loop.remove(self.read.get());
    loop.remove(other.read.get());
    REQUIRE(dup2(empty.read.get(), other.read.get()) == other.read.get());
    REQUIRE(loop.add(other.read.get(), [&] { ++heirs; }).ok());
  };
  REQUIRE(loop.add(first.read.get(), [&] { replace(first, second); }).ok());
  REQUIRE(loop.add(second.read.get(), [&] { replace(second, first); }).ok());
  first.fill();
  second.fill();
  loop.wait(Time{}, Time{} + std::chrono::seconds(5));
  CHECK(heirs == 0);
}

}  // namespace Atoll
