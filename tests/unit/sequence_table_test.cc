#include "runtime/base/sequence_table.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>

namespace Atoll {

TEST_CASE("a value is found by its number until it is erased, and keeps its place") {
  SequenceTable<std::string> table;
  CHECK(table.find(7) == nullptr);
  const auto [value, is_new] = table.try_emplace(7, "seven");
  CHECK(is_new);
  CHECK_FALSE(table.try_emplace(7, "another").second);
  for (std::uint64_t i = 1'000; i < 9'000; ++i) table.try_emplace(i, "many");
  CHECK(table.find(7) == value);
  CHECK(*value == "seven");
  CHECK(table.size() == 8'001);
  table.erase(7);
  CHECK_FALSE(table.contains(7));
  CHECK(table.try_emplace(7, "again").second);
}

TEST_CASE("values of all pages are visited, once") {
  SequenceTable<int> table;
  for (const std::uint64_t number : {0ULL, 63ULL, 64ULL, 1ULL << 40, ~0ULL}) table.try_emplace(number, 1);
  std::map<std::uint64_t, int> seen;
  table.for_each([&](std::uint64_t number, int& value) { seen[number] += value; });
  CHECK(seen == std::map<std::uint64_t, int>{{0, 1}, {63, 1}, {64, 1}, {1ULL << 40, 1}, {~0ULL, 1}});
}

TEST_CASE("values that are left when the table ends are destroyed") {
  const auto counted = std::make_shared<int>(1);
  {
    SequenceTable<std::shared_ptr<int>> table;
    for (std::uint64_t i = 0; i < 200; i += 3) table.try_emplace(i, counted);
    table.erase(3);
    CHECK(counted.use_count() == 67);
  }
  CHECK(counted.use_count() == 1);
}

TEST_CASE("thousands of random steps agree with a plain map") {
  constexpr std::uint32_t kSeed = 7;
  MESSAGE("seed " << kSeed);
  std::mt19937 random(kSeed);
  SequenceTable<int> table;
  std::map<std::uint64_t, int> model;
  std::uint64_t next = 0;
  for (int step = 0; step < 50'000; ++step) {
    const std::uint64_t number = random() % 3 == 0 ? random() % (next + 1) : next++;
    if (random() % 2 == 0) {
      const bool is_new = table.try_emplace(number, step).second;
      CHECK(is_new == model.emplace(number, step).second);
    } else if (model.erase(number) > 0) {
      table.erase(number);
    }
    const int* found = table.find(number);
    CHECK((found != nullptr) == model.contains(number));
    if (found != nullptr) CHECK(*found == model.at(number));
  }
  CHECK(table.size() == model.size());
  for (const auto& [number, value] : model) CHECK(*table.find(number) == value);
}

}  // namespace Atoll
