#include "runtime/client/warm.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "runtime/base/fd.h"

namespace Atoll {
namespace {

constexpr int kChannel = 3;

// What why_unfit() says in a child that has descriptors 0 to 3 alone, and then does `before`.
[[maybe_unused]] std::string unfit_after(const std::function<void()>& before) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    dup2(ends[1], 1);
    dup2(1, kChannel);
    for (int fd = kChannel + 1; fd < 1024; ++fd) close(fd);
    before();
    const std::string why = why_unfit(kChannel).value_or("fit");
    [[maybe_unused]] const ssize_t n = write(1, why.data(), why.size());
    _exit(0);
  }
  close(ends[1]);
  const Fd read_end(ends[0]);
  char said[400];
  const ssize_t n = read(read_end.get(), said, sizeof said);
  waitpid(pid, nullptr, 0);
  return {said, n > 0 ? static_cast<std::size_t>(n) : 0};
}

[[maybe_unused]] void map_shared() { mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); }

}  // namespace

// The thread sanitizer has a thread and shared memory of its own.
#if !defined(__SANITIZE_THREAD__)
TEST_CASE("a process that has one thread and opened nothing may be forked into workers") {
  CHECK(unfit_after([] {}) == "fit");
}

TEST_CASE("a thread, a descriptor or shared memory keeps a process from being forked into workers") {
  CHECK(unfit_after([] { std::thread([] { pause(); }).detach(); }) == "it has 2 threads");
  CHECK(unfit_after([] { dup2(0, 4); }) == "it has opened descriptor 4");
  CHECK(unfit_after(map_shared).starts_with("it has memory that is shared: "));
}
#endif

}  // namespace Atoll
