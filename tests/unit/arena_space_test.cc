#include "runtime/objects/arena_space.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <random>
#include <vector>

namespace Atoll {
namespace {

constexpr std::uint64_t kPage = ArenaSpace::kPage;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

// An arena in which as much as it may is taken, of lengths spread evenly over their logarithm, and given back in no order.
class Churn {
 public:
  Churn(std::uint64_t size, double share, std::uint64_t longest)
      : space(size), most_(static_cast<std::uint64_t>(static_cast<double>(size) * share)), longest_(longest) {}

  // Whether there was room.
  bool turn() {
    const std::uint64_t bytes = length();
    while (taken_ + bytes > most_) give_back_one();
    const auto offset = space.take(bytes);
    if (!offset) {
      give_back_one();
      return false;
    }
    live_.push_back({*offset, bytes});
    taken_ += bytes;
    return true;
  }
  void give_back_all() {
    while (!live_.empty()) give_back_one();
  }

  ArenaSpace space;

 private:
  std::uint64_t length() {
    const double low = std::log(100e3), high = std::log(static_cast<double>(longest_));
    return static_cast<std::uint64_t>(std::exp(std::uniform_real_distribution<>(low, high)(random_)));
  }
  void give_back_one() {
    std::swap(live_[random_() % live_.size()], live_.back());
    space.give_back(live_.back().first, live_.back().second);
    taken_ -= live_.back().second;
    live_.pop_back();
  }

  std::uint64_t most_;
  std::uint64_t longest_;
  std::uint64_t taken_ = 0;
  std::mt19937_64 random_{7};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> live_;
};

}  // namespace

TEST_CASE("an arena gives whole pages, the lowest first, and no more than it has") {  // ARENA-1, ARENA-3
  ArenaSpace space(10 * kPage + 100);
  CHECK(space.size() == 10 * kPage);
  CHECK(space.take(1) == 0);
  CHECK(space.take(kPage + 1) == kPage);
  CHECK(space.free() == 7 * kPage);
  CHECK(space.longest() == 7 * kPage);
  CHECK_FALSE(space.take(7 * kPage + 1));
  CHECK(space.take(7 * kPage) == 3 * kPage);
  CHECK(space.reached() == 10 * kPage);
  CHECK_FALSE(space.take(1));
  space.give_back(kPage, kPage + 1);
  CHECK(space.take(kPage) == kPage);
  CHECK(space.take(kPage) == 2 * kPage);
  CHECK(space.longest() == 0);
}

TEST_CASE("an arena without a page gives nothing") {
  ArenaSpace space(kPage - 1);
  CHECK_FALSE(space.take(1));
  CHECK(space.longest() == 0);
}

TEST_CASE("free neighbours are one, in whatever order they come back") {  // ARENA-2
  const std::vector<std::vector<int>> orders = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}, {0, 2, 1, 3}};
  for (const std::vector<int>& order : orders) {
    ArenaSpace space(8 * kPage);
    for (std::uint64_t i = 0; i < 4; ++i) REQUIRE(space.take(2 * kPage) == 2 * i * kPage);
    for (const int i : order) space.give_back(2 * static_cast<std::uint64_t>(i) * kPage, 2 * kPage);
    CHECK(space.longest() == 8 * kPage);
    CHECK(space.take(8 * kPage) == 0);
  }
}

TEST_CASE("an arena agrees with a map of its pages under random use") {  // ARENA-1, ARENA-2
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    constexpr std::uint64_t kPages = 300;
    std::mt19937_64 random(seed);
    ArenaSpace space(kPages * kPage);
    std::vector<bool> taken(kPages);
    std::map<std::uint64_t, std::uint64_t> live;
    const auto mark = [&](std::uint64_t offset, std::uint64_t bytes, bool as) {
      for (std::uint64_t page = offset / kPage; page < (offset + bytes + kPage - 1) / kPage; ++page) {
        REQUIRE(taken[page] != as);
        taken[page] = as;
      }
    };
    const auto longest_run = [&] {
      std::uint64_t run = 0, most = 0;
      for (const bool page : taken) most = std::max(most, run = page ? 0 : run + 1);
      return most * kPage;
    };
    for (int step = 0; step < 2000; ++step) {
      if (random() % 2 == 0 && !live.empty()) {
        const auto which = std::next(live.begin(), static_cast<std::ptrdiff_t>(random() % live.size()));
        mark(which->first, which->second, false);
        space.give_back(which->first, which->second);
        live.erase(which);
      } else {
        const std::uint64_t bytes = 1 + random() % (random() % 8 == 0 ? 80 * kPage : 6 * kPage);
        const auto offset = space.take(bytes);
        REQUIRE(offset.has_value() == (longest_run() >= bytes));
        if (!offset) continue;
        mark(*offset, bytes, true);
        live[*offset] = bytes;
      }
      REQUIRE(space.longest() == longest_run());
      REQUIRE(space.free() == static_cast<std::uint64_t>(std::count(taken.begin(), taken.end(), false)) * kPage);
    }
  }
}

TEST_CASE("an arena four fifths full has room for all but few, and after a million turns for no fewer") {
  Churn churn(16 * kGiB, 0.8, 16 * kGiB / 64);
  constexpr int kTurns = 200'000;
  int refused[5] = {};
  for (int& count : refused)
    for (int turn = 0; turn < kTurns; ++turn) count += !churn.turn();
  MESSAGE("of 200,000 each: " << refused[0] << ", " << refused[1] << ", " << refused[2] << ", " << refused[3] << ", "
                              << refused[4] << " refused");
  CHECK(refused[4] <= kTurns / 200);
  CHECK(refused[4] <= 2 * refused[1] + 20);
  churn.give_back_all();
  CHECK(churn.space.longest() == 16 * kGiB);
}

TEST_CASE("what is a hundredth full stays in its first pages") {  // ARENA-3
  Churn churn(16 * kGiB, 0.01, 1 << 20);
  for (int turn = 0; turn < 100'000; ++turn) REQUIRE(churn.turn());
  CHECK(churn.space.reached() <= 16 * kGiB / 50);
}

}  // namespace Atoll
