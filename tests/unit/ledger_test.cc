#include "runtime/scheduler/node_ledger.h"

#include <doctest/doctest.h>

#include <random>

#include "tests/support/aborts.h"

namespace Atoll {
namespace {

constexpr std::uint32_t kSeed = 20261;

Fixed fixed(double amount) { return *Fixed::from_double(amount); }
Resources gpu(double amount) { return {.gpu = fixed(amount)}; }

NodeLedger ledger_of(int gpus, int cpus = 8) {
  return NodeLedger(node_of({.cpu = Fixed::whole(cpus), .gpu = Fixed::whole(gpus)}));
}

std::vector<int> devices(const std::optional<Grant>& grant) {
  std::vector<int> list;
  if (grant)
    for (const GpuShare& share : grant->gpus) list.push_back(share.gpu);
  return list;
}

}  // namespace

TEST_CASE("LEDGER-2: a fraction goes to the fullest device that still has it, the lowest among equals") {
  NodeLedger ledger = ledger_of(3);
  CHECK(devices(ledger.acquire(gpu(0.5))) == std::vector{0});
  CHECK(devices(ledger.acquire(gpu(0.7))) == std::vector{1});
  CHECK(devices(ledger.acquire(gpu(0.3))) == std::vector{1});
  CHECK(devices(ledger.acquire(gpu(0.4))) == std::vector{0});
  CHECK(devices(ledger.acquire(gpu(0.2))) == std::vector{2});
  CHECK(devices(ledger.acquire(gpu(0.1))) == std::vector{0});
}

TEST_CASE("LEDGER-2: a fraction is never put together from two devices") {
  NodeLedger ledger = ledger_of(2);
  REQUIRE(ledger.acquire(gpu(0.6)));
  REQUIRE(ledger.acquire(gpu(0.6)));
  CHECK(ledger.free().amounts.gpu == fixed(0.8));
  CHECK_FALSE(ledger.acquire(gpu(0.5)));
  CHECK(ledger.acquire(gpu(0.4)));
}

TEST_CASE("LEDGER-3: whole GPUs come from completely free devices only") {
  NodeLedger ledger = ledger_of(4);
  REQUIRE(ledger.acquire(gpu(0.0001)));
  CHECK_FALSE(ledger.fits(gpu(4)));
  CHECK(devices(ledger.acquire(gpu(3))) == std::vector{1, 2, 3});
  CHECK_FALSE(ledger.fits(gpu(1)));
  CHECK(ledger.can_ever_fit(gpu(4)));
  CHECK_FALSE(ledger.can_ever_fit(gpu(5)));
}

TEST_CASE("LEDGER-3: the picker is shown the free devices and decides which and in what order") {
  NodeLedger ledger(node_of(gpu(4)), [](const std::vector<int>& free, int k) {
    return std::vector<int>(free.rbegin(), free.rbegin() + k);
  });
  REQUIRE(devices(ledger.acquire(gpu(0.5))) == std::vector{0});
  CHECK(devices(ledger.acquire(gpu(2))) == std::vector{3, 2});
  const GpuPicker lowest = pick_lowest;
  CHECK(devices(ledger.acquire(gpu(1), lowest)) == std::vector{1});
}

TEST_CASE("planned devices are given exactly, or not at all") {
  NodeLedger ledger = ledger_of(4);
  using Shares = std::vector<GpuShare>;
  const auto planned = ledger.acquire(gpu(2), Shares{{3, fixed(1)}, {1, fixed(1)}});
  CHECK(devices(planned) == std::vector{3, 1});
  const NodeResources before = ledger.free();
  CHECK_FALSE(ledger.acquire(gpu(1), Shares{{3, fixed(1)}}));                     // taken
  CHECK_FALSE(ledger.acquire(gpu(2), Shares{{0, fixed(1)}}));                     // too little
  CHECK_FALSE(ledger.acquire(gpu(2), Shares{{0, fixed(1)}, {0, fixed(1)}}));      // twice the same
  CHECK_FALSE(ledger.acquire(gpu(1), Shares{{0, fixed(0.5)}, {2, fixed(0.5)}}));  // two halves are not one
  CHECK_FALSE(ledger.acquire(gpu(1), Shares{{7, fixed(1)}}));                     // no such device
  CHECK(ledger.free() == before);
  CHECK(ledger.acquire(gpu(0.5), Shares{{2, fixed(0.5)}}));
}

TEST_CASE("pooled resources are all or nothing") {
  NodeLedger ledger(
      NodeResources{{.cpu = Fixed::whole(4), .memory = 100, .custom = {{"license", Fixed::whole(1)}}}, {}});
  CHECK_FALSE(ledger.acquire({.cpu = Fixed::whole(1), .memory = 101}));
  CHECK_FALSE(ledger.acquire({.cpu = Fixed::whole(1), .custom = {{"tape", Fixed::whole(1)}}}));
  CHECK(ledger.free() == ledger.total());  // LEDGER-5
  const auto grant = ledger.acquire({.cpu = Fixed::whole(1), .custom = {{"license", Fixed::whole(1)}}});
  REQUIRE(grant);
  CHECK_FALSE(ledger.acquire({.custom = {{"license", fixed(0.0001)}}}));
  ledger.release(*grant);
  CHECK(ledger.free() == ledger.total());  // LEDGER-1
}

TEST_CASE("a request of nothing fits a node that has nothing left") {
  NodeLedger ledger = ledger_of(1, 1);
  REQUIRE(ledger.acquire({.cpu = Fixed::whole(1), .gpu = Fixed::whole(1)}));
  const auto nothing = ledger.acquire({.custom = {{"tape", Fixed()}}});
  REQUIRE(nothing);
  ledger.release(*nothing);
  CHECK(ledger.outstanding() == 1);
}

TEST_CASE("a malformed request fits nowhere and is not a crash") {
  NodeLedger ledger = ledger_of(4);
  for (const Resources& request : {Resources{.gpu = Fixed::raw(15'000)}, Resources{.gpu = Fixed::raw(-10'000)},
                                   Resources{.cpu = Fixed::raw(-1)}, Resources{.custom = {{"x", Fixed::raw(-1)}}}}) {
    CHECK_FALSE(ledger.can_ever_fit(request));
    CHECK_FALSE(ledger.acquire(request));
  }
  CHECK(ledger.free() == ledger.total());
}

TEST_CASE("LEDGER-6: a grant released twice, or never given, breaks an invariant") {
  NodeLedger ledger = ledger_of(2);
  const auto first = ledger.acquire(gpu(1)), second = ledger.acquire(gpu(1));
  REQUIRE(second);
  ledger.release(*first);
  CHECK(words_of_abort([&] { ledger.release(*first); }).find("broken invariant") != std::string::npos);
  CHECK(words_of_abort([&] {
          ledger.release(Grant{gpu(1), {{0, fixed(1)}}});
        }).find("broken invariant") != std::string::npos);
  CHECK(words_of_abort([&] { ledger.release(*second); }) == "");
}

// Best fit and conservation written once more, plainly: what each device has in
// use is summed anew from the list of grants before every decision.
struct NaiveNode {
  std::vector<std::int64_t> capacity;  // of each device, in units
  std::int64_t cpus = 0;
  std::vector<Grant> grants;

  std::int64_t free_on(int device) const {
    std::int64_t left = capacity[device];
    for (const Grant& grant : grants)
      for (const GpuShare& share : grant.gpus)
        if (share.gpu == device) left -= share.part.units();
    return left;
  }
  std::int64_t free_cpus() const {
    std::int64_t left = cpus;
    for (const Grant& grant : grants) left -= grant.amounts.cpu.units();
    return left;
  }
  // The devices that a request shall get; none if it does not fit.
  std::optional<std::vector<int>> expect(const Resources& request) const {
    if (free_cpus() < request.cpu.units()) return std::nullopt;
    const std::int64_t need = request.gpu.units();
    std::vector<int> chosen;
    if (need == 0) return chosen;
    for (std::int64_t left = need; left <= 10'000; ++left)  // the fullest first
      for (int i = 0; need < 10'000 && i < std::ssize(capacity); ++i)
        if (free_on(i) == left) return std::vector{i};
    if (need < 10'000) return std::nullopt;
    for (int i = 0; i < std::ssize(capacity); ++i)
      if (free_on(i) == 10'000 && std::ssize(chosen) < need / 10'000) chosen.push_back(i);
    if (std::ssize(chosen) < need / 10'000) return std::nullopt;
    return chosen;
  }
};

TEST_CASE("LEDGER-1..5: thousands of random grants and releases agree with a plain model") {
  MESSAGE("seed ", kSeed);
  std::mt19937 random(kSeed);
  const auto below = [&random](int n) { return static_cast<int>(random() % n); };
  for (int round = 0; round < 20; ++round) {
    NodeResources total{{.cpu = Fixed::whole(1 + below(16))}, {}};
    for (int i = below(9); i > 0; --i) {
      total.gpus.push_back(below(4) == 0 ? Fixed::raw(below(20) * 500) : Fixed::whole(1));
      total.amounts.gpu += total.gpus.back();
    }
    NodeLedger ledger(total);
    NaiveNode model{{}, total.amounts.cpu.units(), {}};
    for (const Fixed part : total.gpus) model.capacity.push_back(part.units());
    for (int step = 0; step < 400; ++step) {
      if (!model.grants.empty() && below(5) < 2) {
        const auto victim = model.grants.begin() + below(static_cast<int>(model.grants.size()));
        ledger.release(*victim);
        model.grants.erase(victim);
      } else {
        const Fixed parts[] = {Fixed(), Fixed::raw(500 * (1 + below(20))), Fixed::whole(1 + below(4))};
        const Resources request{.cpu = Fixed::raw(2500 * below(9)), .gpu = parts[below(3)]};
        const NodeResources before = ledger.free();
        const auto expected = model.expect(request);
        const auto grant = ledger.acquire(request);
        REQUIRE(grant.has_value() == expected.has_value());
        if (!grant) REQUIRE(ledger.free() == before);
        if (!grant) continue;
        REQUIRE(devices(grant) == *expected);
        model.grants.push_back(*grant);
      }
      REQUIRE(ledger.free().amounts.cpu.units() == model.free_cpus());
      REQUIRE(model.free_cpus() >= 0);
      Fixed sum;
      for (int i = 0; i < std::ssize(total.gpus); ++i) {
        REQUIRE(ledger.free().gpus[i].units() == model.free_on(i));
        REQUIRE(model.free_on(i) >= 0);
        sum += ledger.free().gpus[i];
      }
      REQUIRE(sum == ledger.free().amounts.gpu);
    }
    for (const Grant& grant : model.grants) ledger.release(grant);
    CHECK(ledger.free() == total);
  }
}

}  // namespace Atoll
