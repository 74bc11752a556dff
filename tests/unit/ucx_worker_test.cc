#include "runtime/wire/ucx_worker.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <sstream>
#include <string>

#include "runtime/base/read_file.h"

namespace Atoll {
namespace {

// What this process has mapped of shared memory that UCX made, by its kind: "/SYSV00000000", "/dev/shm/ucx_shm_posix_…".
std::uint64_t shared_bytes(const std::string& kind) {
  std::istringstream lines(read_file("/proc/self/maps").value_or(""));
  std::uint64_t bytes = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(kind) == std::string::npos) continue;
    const std::size_t dash = line.find('-');
    bytes += std::stoull(line.substr(dash + 1), nullptr, 16) - std::stoull(line.substr(0, dash), nullptr, 16);
  }
  return bytes;
}

}  // namespace

TEST_CASE("a UCX worker that is just open takes 2 MB of shared memory at most, of one kind") {
  const std::uint64_t before = shared_bytes("/SYSV"), before_posix = shared_bytes("ucx_shm_posix");
  const Result<std::unique_ptr<UcxWorker>> worker = UcxWorker::create();
  REQUIRE(worker.ok());
  CHECK(shared_bytes("/SYSV") > before);
  CHECK(shared_bytes("/SYSV") <= before + (2 << 20));
  CHECK(shared_bytes("ucx_shm_posix") == before_posix);
}

}  // namespace Atoll
