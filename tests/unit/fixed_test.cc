#include "runtime/base/fixed.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "runtime/base/resources.h"
#include "tests/support/aborts.h"

namespace Atoll {

TEST_CASE("an amount is rounded to the nearest ten-thousandth") {
  struct Case {
    double amount;
    std::int64_t units;
  };
  const Case cases[] = {{0, 0},      {0.57, 5700}, {0.69, 6899 + 1}, {0.29, 2900},    {1, 10'000},
                        {0.0001, 1}, {0.00005, 1}, {0.33333, 3333},  {0.66666, 6667}, {1e6, 10'000'000'000}};
  for (const Case& c : cases) {
    CAPTURE(c.amount);
    REQUIRE(Fixed::from_double(c.amount).ok());
    CHECK(Fixed::from_double(c.amount)->units() == c.units);
  }
}

TEST_CASE("every amount of four decimals below two is kept exactly") {
  for (int units = 0; units <= 20'000; ++units)
    if (const auto fixed = Fixed::from_double(units / 10'000.0); !fixed.ok() || fixed->units() != units)
      FAIL(units, " became ", fixed.ok() ? fixed->to_string() : fixed.status().to_string());
}

TEST_CASE("what is not an amount is refused, not rounded") {
  for (const double amount :
       {-0.0001, -1.0, std::nan(""), std::numeric_limits<double>::infinity(), 1e300, 1e13, 0.00004})
    CHECK_MESSAGE(Fixed::from_double(amount).status().code() == Code::kInvalidArgument, amount);
}

TEST_CASE("an amount is printed as its shortest decimal") {
  struct Case {
    std::int64_t units;
    const char* text;
  };
  for (const Case& c : {Case{0, "0"}, Case{20'000, "2"}, Case{2'500, "0.25"}, Case{1, "0.0001"}, Case{15'010, "1.501"},
                        Case{-2'500, "-0.25"}, Case{-12'500, "-1.25"}})
    CHECK(Fixed::raw(c.units).to_string() == c.text);
}

TEST_CASE("ten tenths are one, and sums and differences are exact") {
  const Fixed tenth = *Fixed::from_double(0.1);
  Fixed sum;
  for (int i = 0; i < 10; ++i) sum += tenth;
  CHECK(sum == Fixed::whole(1));
  for (int i = 0; i < 10; ++i) sum -= tenth;
  CHECK(sum.is_zero());
}

TEST_CASE("resources cover what they have at least as much of, of every kind") {
  const Resources have{.cpu = Fixed::whole(8), .memory = 100, .custom = {{"license", Fixed::whole(1)}}};
  CHECK(covers(have, {}));
  CHECK(covers(have, have));
  CHECK(covers(have, {.custom = {{"tape", Fixed()}}}));
  CHECK_FALSE(covers(have, {.cpu = Fixed::raw(80'001)}));
  CHECK_FALSE(covers(have, {.gpu = Fixed::raw(1)}));
  CHECK_FALSE(covers(have, {.memory = 101}));
  CHECK_FALSE(covers(have, {.custom = {{"license", Fixed::raw(10'001)}}}));
  CHECK_FALSE(covers(have, {.custom = {{"tape", Fixed::raw(1)}}}));
}

TEST_CASE("resources add up and subtract again") {
  const Resources a{.cpu = Fixed::whole(1), .gpu = Fixed::raw(5000), .memory = 7, .custom = {{"x", Fixed::whole(2)}}};
  Resources sum = a;
  sum += a;
  CHECK(sum ==
        Resources{.cpu = Fixed::whole(2), .gpu = Fixed::whole(1), .memory = 14, .custom = {{"x", Fixed::whole(4)}}});
  sum -= a;
  CHECK(sum == a);
}

TEST_CASE("a sum of resources stops at the largest amount and does not wrap") {
  Resources sum{.cpu = Fixed::raw(std::numeric_limits<std::int64_t>::max()), .memory = ~std::uint64_t{0}};
  const Resources before = sum;
  sum += {.cpu = Fixed::whole(1), .memory = 1};
  CHECK(sum == before);
}

TEST_CASE("taking more than there is breaks an invariant") {
  Resources little{.cpu = Fixed::whole(1)};
  CHECK(words_of_abort([&] { little -= {.cpu = Fixed::whole(2)}; }).find("values: 1 cpu, 2 cpu") != std::string::npos);
}

TEST_CASE("a request is well formed if its GPUs are a fraction of one or whole, and nothing is negative") {
  const auto code = [](const Resources& request) { return check_request(request).code(); };
  CHECK(code({}) == Code::kOk);
  CHECK(code({.gpu = Fixed::raw(1)}) == Code::kOk);
  CHECK(code({.gpu = Fixed::whole(1)}) == Code::kOk);
  CHECK(code({.gpu = Fixed::whole(16)}) == Code::kOk);
  CHECK(code({.gpu = Fixed::raw(10'001)}) == Code::kInvalidArgument);
  CHECK(code({.gpu = Fixed::raw(25'000)}) == Code::kInvalidArgument);
  CHECK(code({.cpu = Fixed::raw(-1)}) == Code::kInvalidArgument);
  CHECK(code({.gpu = Fixed::raw(-1)}) == Code::kInvalidArgument);
  CHECK(code({.custom = {{"x", Fixed::raw(-1)}}}) == Code::kInvalidArgument);
  for (const char* name : {"", "cpu", "gpu", "memory"})
    CHECK(code({.custom = {{name, Fixed::whole(1)}}}) == Code::kInvalidArgument);
}

}  // namespace Atoll
