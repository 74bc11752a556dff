#include "runtime/base/read_file.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace Atoll {

TEST_CASE("a file is read whole, and what is no file is nothing") {
  CHECK(read_file("/proc/self/stat").value_or("").starts_with(std::to_string(::getpid()) + " ("));
  CHECK(read_file("/proc/self/maps").value_or("").size() > 4096);
  CHECK(read_file("/dev/null") == "");
  CHECK(!read_file("/no/such/file"));
  CHECK(!read_file("/proc"));
  CHECK(!read_file("/proc/self/mem"));
}

}  // namespace Atoll
