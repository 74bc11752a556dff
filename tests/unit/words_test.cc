#include "runtime/base/words.h"

#include <doctest/doctest.h>

namespace Atoll {

TEST_CASE("a duration has one decimal at most") {
  using std::chrono::milliseconds;
  CHECK(format_duration(milliseconds(2'500)) == "2.5 s");
  CHECK(format_duration(milliseconds(30'000)) == "30 s");
  CHECK(format_duration(milliseconds(38'970)) == "39 s");
  CHECK(format_duration(milliseconds(120)) == "0.1 s");
}

}  // namespace Atoll
