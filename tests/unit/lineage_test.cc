#include "runtime/client/lineage.h"

#include <doctest/doctest.h>

#include "tests/support/builders.h"

// How objects were made: what is kept of it, and for how long.
namespace Atoll {
namespace {

using namespace testing;
using Numbers = std::vector<std::uint64_t>;

// Of object `number`, made of the objects `uses` and of `bytes` given by value.
Recipe recipe(std::uint64_t number, const Numbers& uses = {}, std::size_t bytes = 0, std::int32_t attempts = 3) {
  Recipe made;
  made.spec.task = {kDriver, number};
  made.spec.function = "f";
  for (const std::uint64_t use : uses) made.spec.arguments.push_back({nullptr, {kDriver, use}, {}, nullptr});
  if (bytes > 0) made.spec.arguments.push_back({std::make_shared<const std::string>(bytes, 'x'), {}, {}, nullptr});
  made.attempts_left = attempts;
  return made;
}

}  // namespace

TEST_CASE("LINEAGE-1: a recipe is kept while its object lives, or one that is made of it") {
  Lineage lineage(kDriver);
  for (const auto& [number, uses] : std::map<std::uint64_t, Numbers>{{1, {}}, {2, {1, 1}}, {3, {2}}, {4, {2}}})
    CHECK(lineage.keep(recipe(number, uses)).empty());
  lineage.release(1);
  lineage.release(2);
  CHECK(lineage.has(1));
  CHECK(lineage.size() == 4);
  lineage.release(3);
  CHECK_FALSE(lineage.has(3));
  CHECK(lineage.has(1));
  lineage.release(4);
  CHECK(lineage.size() == 0);
  CHECK(lineage.bytes() == 0);
}

TEST_CASE("LINEAGE-1: an object that lives again keeps its recipe when what was made of it goes") {
  Lineage lineage(kDriver);
  lineage.keep(recipe(1));
  lineage.keep(recipe(2, {1}));
  lineage.release(1);
  lineage.revive(1);
  lineage.release(2);
  CHECK(lineage.has(1));
  lineage.release(1);
  CHECK(lineage.size() == 0);
}

TEST_CASE("LINEAGE-1: a chain of 200,000 goes at once with its end") {
  Lineage lineage(kDriver, std::uint64_t{1} << 40);
  for (std::uint64_t number = 1; number <= 200'000; ++number) {
    lineage.keep(recipe(number, number > 1 ? Numbers{number - 1} : Numbers{}));
    lineage.release(number - 1);
  }
  CHECK(lineage.size() == 200'000);
  lineage.release(200'000);
  CHECK(lineage.size() == 0);
}

TEST_CASE("LINEAGE-2: the oldest recipes make room, and living objects are told of") {
  Lineage lineage(kDriver, 100'000);
  lineage.keep(recipe(1, {}, 30'000));
  lineage.keep(recipe(2, {1}, 30'000));
  lineage.keep(recipe(3, {}, 30'000));
  lineage.release(1);
  CHECK(lineage.keep(recipe(4, {}, 30'000)).empty());  // the first had no object any more
  CHECK_FALSE(lineage.has(1));
  CHECK(lineage.has(2));
  CHECK(lineage.keep(recipe(5, {}, 30'000)) == Numbers{2});
  CHECK(lineage.bytes() <= 100'000);
  CHECK(lineage.keep(recipe(6, {}, 200'000)) == Numbers{6});  // what never fits drives out nobody
  CHECK(lineage.has(3));
  for (std::uint64_t number = 1; number <= 6; ++number) lineage.release(number);
  CHECK(lineage.size() == 0);
  CHECK(lineage.bytes() == 0);
}

TEST_CASE("LINEAGE-5: each use of a recipe counts, and what is made again keeps it with the attempts that are left") {
  Lineage lineage(kDriver);
  lineage.keep(recipe(1, {}, 0, 2));
  lineage.keep(recipe(2, {}, 0, -1));
  CHECK(lineage.use(1)->attempts_left == 1);
  lineage.keep(recipe(1, {}, 0, 1));
  CHECK(lineage.use(1)->attempts_left == 0);
  CHECK_FALSE(lineage.has(1));
  CHECK_FALSE(lineage.use(1).ok());
  for (int i = 0; i < 10; ++i) CHECK(lineage.use(2)->attempts_left == -1);
  lineage.forget(1);
  CHECK(lineage.size() == 1);
}

}  // namespace Atoll
