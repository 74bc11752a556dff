#include "runtime/scheduler/fit_set.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

namespace Atoll {

TEST_CASE("the first member is found across words, wherever the search begins") {
  FitSet set;
  CHECK(set.first(0) == FitSet::kNone);
  for (const std::uint32_t number : {0u, 63u, 64u, 4'095u, 4'096u, 300'000u}) set.set(number, true);
  struct Case {
    std::uint32_t from, first;
  };
  for (const Case& c : {Case{0, 0}, Case{1, 63}, Case{64, 64}, Case{65, 4'095}, Case{4'096, 4'096},
                        Case{4'097, 300'000}, Case{300'001, FitSet::kNone}, Case{999'999, FitSet::kNone}})
    CHECK(set.first(c.from) == c.first);
}

TEST_CASE("a word that loses one member keeps its others") {
  FitSet set;
  for (const std::uint32_t number : {700u, 701u}) set.set(number, true);
  set.set(700, false);
  CHECK(set.first(0) == 701);
  CHECK_FALSE(set.contains(700));
  set.set(701, false);
  CHECK(set.first(0) == FitSet::kNone);
}

TEST_CASE("a hundred thousand random changes agree with std::set") {
  constexpr std::uint32_t kSeed = 20264;
  MESSAGE("seed ", kSeed);
  std::mt19937 random(kSeed);
  FitSet set;
  std::set<std::uint32_t> model;
  for (int step = 0; step < 100'000; ++step) {
    const std::uint32_t number = random() % 20'000;
    const bool member = random() % 64 == 0;  // sparse, so that searches cross words
    set.set(number, member);
    if (member) model.insert(number);
    if (!member) model.erase(number);
    const std::uint32_t from = random() % 20'100;
    const auto expected = model.lower_bound(from);
    REQUIRE(set.first(from) == (expected == model.end() ? FitSet::kNone : *expected));
    REQUIRE(set.contains(from) == model.contains(from));
  }
}

}  // namespace Atoll
