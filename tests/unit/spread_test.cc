// From whom each daemon reads a copy that many want.
#include "runtime/objects/spread.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

namespace Atoll {
namespace {

Contact daemon(std::uint64_t number) { return {ProcessId(number), NodeId(1), "address " + std::to_string(number)}; }
std::uint64_t number_of(const Contact& contact) { return static_cast<std::uint64_t>(contact.process); }

}  // namespace

TEST_CASE("SPREAD-1, SPREAD-2: the keeper serves the first, the others wait their turn") {
  Spread spread;
  for (std::uint64_t i = 1; i <= 4; ++i) spread.ask(daemon(i), 10 + i);
  for (std::uint64_t i = 1; i <= 2; ++i) {
    const auto turn = spread.next();
    REQUIRE(turn);
    CHECK(turn->reader == ProcessId(i));
    CHECK(turn->request == 10 + i);
    CHECK(turn->source.is_none());
  }
  CHECK_FALSE(spread.next());
  CHECK(spread.waiting().size() == 2);
  spread.has_it(ProcessId(2), 77);
  const auto third = spread.next(), fourth = spread.next();
  REQUIRE(third);
  CHECK(third->reader == ProcessId(3));
  CHECK(third->source == daemon(2));  // SPREAD-3
  CHECK(third->copy == 77);
  REQUIRE(fourth);
  CHECK(fourth->reader == ProcessId(4));
  CHECK_FALSE(spread.next());
}

TEST_CASE("SPREAD-4: who could not be read from is not read from again") {
  Spread spread;
  spread.ask(daemon(1), 1);
  REQUIRE(spread.next());
  spread.has_it(ProcessId(1), 5);
  spread.ask(daemon(2), 1);
  REQUIRE(spread.next()->source == daemon(1));
  SUBCASE("since it says so") { spread.ask(daemon(2), 2); }
  SUBCASE("since it ended") {
    spread.forget(ProcessId(1));
    spread.ask(daemon(2), 2);
  }
  const auto again = spread.next();
  REQUIRE(again);
  CHECK(again->reader == ProcessId(2));
  CHECK(again->request == 2);
  CHECK(again->source.is_none());
}

TEST_CASE("the keeper is asked again by who lost the connection to it") {
  Spread spread;
  spread.ask(daemon(1), 1);
  REQUIRE(spread.next());
  spread.ask(daemon(1), 2);
  REQUIRE(spread.next());
  spread.ask(daemon(2), 1);
  CHECK(spread.next()->source.is_none());
  spread.ask(daemon(3), 1);
  CHECK_FALSE(spread.next());
}

TEST_CASE("one copy goes to many in few rounds, and the keeper sends few of them") {
  Spread spread;
  constexpr std::uint64_t kMany = 1000;
  for (std::uint64_t i = 1; i <= kMany; ++i) spread.ask(daemon(i), i);
  int rounds = 0, by_keeper = 0;
  for (std::set<std::uint64_t> have_it; have_it.size() < kMany; ++rounds) {
    std::vector<std::uint64_t> reading;
    std::map<std::uint64_t, int> served;
    while (const auto turn = spread.next()) {
      reading.push_back(static_cast<std::uint64_t>(turn->reader));
      by_keeper += turn->source.is_none();
      if (!turn->source.is_none()) CHECK(have_it.contains(number_of(turn->source)));
      CHECK(++served[number_of(turn->source)] <= kMostServed);
    }
    REQUIRE_FALSE(reading.empty());
    for (const std::uint64_t each : reading) {
      spread.has_it(ProcessId(each), each);
      have_it.insert(each);
    }
  }
  CHECK(rounds == 7);  // three times as many after each
  CHECK(by_keeper <= 2 * rounds);
}

TEST_CASE("whatever daemons do, none serves too many, and all who wait are served in the end") {
  std::mt19937_64 random(1);
  for (int run = 0; run < 50; ++run) {
    Spread spread;
    struct Reading {
      std::uint64_t source = 0;  // 0: the keeper
    };
    std::map<std::uint64_t, Reading> reading;
    constexpr std::uint64_t kNoMore = 999;  // one that is not read from again
    const auto goes = [&reading](std::uint64_t source) {
      for (auto& [who, each] : reading)
        if (source != 0 && each.source == source) each.source = kNoMore;
    };
    std::set<std::uint64_t> have_it, good, waiting;  // good: those that have it and were not found wanting
    const auto serve = [&] {
      while (const auto turn = spread.next()) {
        const auto reader = static_cast<std::uint64_t>(turn->reader), source = number_of(turn->source);
        CHECK(waiting.erase(reader) == 1);
        if (source != 0) CHECK(good.contains(source));
        reading[reader] = {source};
        CHECK(std::ranges::count_if(reading, [&](const auto& each) { return each.second.source == source; }) <= kMostServed);
      }
    };
    for (int step = 0; step < 300; ++step) {
      const std::uint64_t who = 1 + random() % 30;
      if (reading.contains(who) && random() % 2 == 0) {
        reading.erase(who);
        have_it.insert(who);
        good.insert(who);
        spread.has_it(ProcessId(who), who);
      } else if (random() % 4 == 0) {
        reading.erase(who);
        have_it.erase(who);
        good.erase(who);
        goes(who);
        waiting.erase(who);
        spread.forget(ProcessId(who));
      } else if (random() % 2 == 0) {
        if (reading.contains(who)) {
          good.erase(reading[who].source);
          goes(reading[who].source);
        }
        reading.erase(who);
        have_it.erase(who);
        good.erase(who);
        goes(who);
        waiting.insert(who);
        spread.ask(daemon(who), step);
      }
      serve();
    }
    while (!reading.empty()) {
      const std::uint64_t who = reading.begin()->first;
      reading.erase(who);
      have_it.insert(who);
      good.insert(who);
      spread.has_it(ProcessId(who), who);
      serve();
    }
    CHECK(waiting.empty());
    CHECK(spread.waiting().empty());
    CHECK(spread.members().size() == have_it.size());
  }
}

}  // namespace Atoll
