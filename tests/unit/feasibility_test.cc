#include "runtime/scheduler/feasibility.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <set>

#include "runtime/scheduler/device_packing.h"

namespace Atoll {
namespace {

constexpr std::uint32_t kSeed = 20263;

Fixed fixed(double amount) { return *Fixed::from_double(amount); }
Resources gpu(double amount) { return {.gpu = fixed(amount)}; }
Resources cpu(double amount) { return {.cpu = fixed(amount)}; }
NodeResources node_with(int gpus, int cpus) { return node_of({.cpu = Fixed::whole(cpus), .gpu = Fixed::whole(gpus)}); }

NodeResources node_of_parts(const std::vector<double>& parts) {
  NodeResources node;
  for (const double part : parts) {
    node.gpus.push_back(fixed(part));
    node.amounts.gpu += fixed(part);
  }
  return node;
}

// The answer is a packing: everything in it is there to take.
bool holds(NodeResources free, const std::vector<Resources>& bundles, const BundleShares& shares) {
  if (shares.size() != bundles.size()) return false;
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    Fixed sum;
    for (const GpuShare& share : shares[i]) {
      if (share.gpu < 0 || share.gpu >= std::ssize(free.gpus) || free.gpus[share.gpu] < share.part) return false;
      if (bundles[i].gpu >= Fixed::whole(1) ? share.part != Fixed::whole(1) : shares[i].size() != 1) return false;
      free.gpus[share.gpu] -= share.part;
      sum += share.part;
    }
    free.amounts.gpu -= sum;
    Resources pools = bundles[i];
    pools.gpu = Fixed();
    if (sum != bundles[i].gpu || !covers(free.amounts, pools)) return false;
    free.amounts -= pools;
  }
  return true;
}

// Every way to put bundle `next` and those after it, one after the other.
bool brute_pack(NodeResources& free, const std::vector<Resources>& bundles, std::size_t next = 0) {
  if (next == bundles.size()) return true;
  const Resources& bundle = bundles[next];
  Resources pools = bundle;
  pools.gpu = Fixed();
  if (!covers(free.amounts, pools)) return false;
  std::vector<std::vector<GpuShare>> ways;
  if (bundle.gpu.is_zero()) ways.push_back({});
  for (unsigned set = 1; set < 1u << free.gpus.size() && !bundle.gpu.is_zero(); ++set) {
    std::vector<GpuShare> way;
    const Fixed part = std::min(bundle.gpu, Fixed::whole(1));
    for (int i = 0; i < std::ssize(free.gpus); ++i)
      if (set >> i & 1) way.push_back({i, part});
    const bool all_there = std::ranges::all_of(way, [&](const GpuShare& s) { return free.gpus[s.gpu] >= s.part; });
    if (all_there && part.units() * std::ssize(way) == bundle.gpu.units()) ways.push_back(way);
  }
  for (const auto& way : ways) {
    take(free, bundle, way);
    const bool rest = brute_pack(free, bundles, next + 1);
    put_back(free, bundle, way);
    if (rest) return true;
  }
  return false;
}

bool brute_spread(const std::vector<NodeResources>& nodes, const std::vector<Resources>& bundles) {
  if (bundles.size() > nodes.size()) return false;
  std::vector<int> order(nodes.size());
  std::iota(order.begin(), order.end(), 0);
  do {
    bool all = true;
    for (std::size_t i = 0; i < bundles.size(); ++i) {
      NodeResources free = nodes[order[i]];
      all = all && brute_pack(free, {bundles[i]});
    }
    if (all) return true;
  } while (std::ranges::next_permutation(order).found);
  return false;
}

std::string words(const std::vector<NodeResources>& nodes, const std::vector<Resources>& bundles) {
  std::string text;
  for (const NodeResources& node : nodes) {
    text += "node " + to_string(node.amounts) + " [";
    for (const Fixed part : node.gpus) text += part.to_string() + " ";
    text += "]; ";
  }
  for (const Resources& bundle : bundles) text += "bundle " + to_string(bundle) + "; ";
  return text;
}

}  // namespace

TEST_CASE("STRICT_PACK takes the first node that holds all bundles, and says which devices") {
  const std::vector nodes{node_with(4, 8), node_with(8, 8), node_with(8, 8)};
  const auto packed = strict_pack(nodes, {gpu(2), gpu(4), cpu(1)});
  REQUIRE(packed);
  CHECK(packed->node == 1);
  CHECK(packed->gpus[0] == std::vector<GpuShare>{{0, fixed(1)}, {1, fixed(1)}});
  CHECK(packed->gpus[1].front() == GpuShare{2, fixed(1)});
  CHECK(packed->gpus[2].empty());
  CHECK_FALSE(strict_pack(nodes, {gpu(4), gpu(5)}));
  CHECK_FALSE(strict_pack({}, {cpu(1)}));
}

TEST_CASE("bundle by bundle, the devices follow the picker's order") {
  const auto shares = pack_onto_node(node_with(4, 0), {gpu(1), gpu(2)}, [](const std::vector<int>& free, int k) {
    return std::vector<int>(free.rbegin(), free.rbegin() + k);
  });
  REQUIRE(shares);
  CHECK((*shares)[0] == std::vector<GpuShare>{{3, fixed(1)}});
  CHECK((*shares)[1] == std::vector<GpuShare>{{2, fixed(1)}, {1, fixed(1)}});
}

TEST_CASE("fractional bundles share devices but are never split, and whole ones need free devices") {
  struct Case {
    std::vector<double> parts, bundles;
    bool fits;
  };
  const Case cases[] = {
      {{1}, {0.5, 0.5}, true},
      {{1}, {0.5, 0.6}, false},
      {{1, 1}, {0.6, 0.6, 0.6}, false},  // 1.8 of 2, and yet
      {{1, 1}, {1, 0.5, 0.5}, true},
      {{1, 0.9}, {1, 1}, false},
      {{0.5, 1}, {1, 0.5}, true},
      {{0.5, 0.5}, {1}, false},
      {{1, 1}, {0.5, 0.3, 0.2, 0.4, 0.4, 0.2}, true},
      {{1, 1}, {0.4, 0.4, 0.3, 0.3, 0.3, 0.3}, true},  // where best fit, biggest first, goes wrong
      {{1, 1, 1, 1}, {2, 2, 0.1}, false},
  };
  for (const Case& c : cases) {
    std::vector<Resources> bundles;
    for (const double amount : c.bundles) bundles.push_back(gpu(amount));
    const NodeResources node = node_of_parts(c.parts);
    CAPTURE(words({node}, bundles));
    const auto shares = pack_onto_node(node, bundles);
    CHECK(shares.has_value() == c.fits);
    if (shares) CHECK(holds(node, bundles, *shares));
  }
}

TEST_CASE("beyond the bound on states the answer is that of best fit alone") {
  const std::vector free{fixed(1), fixed(1)};
  std::vector<Fixed> fractions;
  for (const double part : {0.4, 0.4, 0.3, 0.3, 0.3, 0.3}) fractions.push_back(fixed(part));
  CHECK_FALSE(pack_fractions(free, fractions, 3 * 5 - 1));
  CHECK(pack_fractions(free, fractions, 3 * 5));
}

TEST_CASE("sixteen bundles of different sizes are still decided exactly") {
  // Eight pairs that fill eight devices to the last ten-thousandth, in one way only.
  std::vector<Resources> bundles;
  for (int i = 0; i < 8; ++i) {
    bundles.push_back({.gpu = Fixed::raw(3'001 + 7 * i * i)});
    bundles.push_back({.gpu = Fixed::raw(6'999 - 7 * i * i)});
  }
  CHECK(pack_onto_node(node_with(8, 0), bundles));
  bundles.back().gpu += Fixed::raw(1);
  bundles.front().gpu -= Fixed::raw(1);
  CHECK_FALSE(pack_onto_node(node_with(8, 0), bundles));
}

TEST_CASE("huge and malformed bundles do not wrap around to small ones") {
  const NodeResources node = node_with(2, 8);
  const Resources half_of_all{.memory = 1ULL << 63};
  CHECK_FALSE(pack_onto_node(node, {half_of_all, half_of_all}));
  CHECK_FALSE(strict_pack({node}, {half_of_all, half_of_all}));
  for (const Resources& bundle : {Resources{.gpu = Fixed::raw(15'000)}, Resources{.gpu = Fixed::raw(-5'000)}}) {
    CHECK_FALSE(strict_pack({node}, {bundle}));
    CHECK_FALSE(strict_spread({node}, {bundle}));
  }
}

TEST_CASE("what is needed at least fits wherever all bundles fit together") {
  CHECK(needed_at_least({gpu(2), gpu(0.5), cpu(3), cpu(1)}) == Resources{.cpu = fixed(4), .gpu = fixed(2)});
  CHECK(needed_at_least({gpu(0.5), gpu(0.75), cpu(1)}) == Resources{.cpu = fixed(1), .gpu = fixed(0.75)});
  CHECK(needed_at_least({}).is_zero());
}

TEST_CASE("STRICT_SPREAD finds the assignment when only one exists") {
  // First fit would put the small bundle on the only node of the big one.
  const std::vector nodes{node_with(8, 8), node_with(2, 8), node_with(4, 1)};
  const auto assignment = strict_spread(nodes, {gpu(2), gpu(8), {.cpu = fixed(1), .gpu = fixed(4)}});
  REQUIRE(assignment);
  CHECK(*assignment == std::vector{1, 0, 2});
  CHECK_FALSE(strict_spread(nodes, {gpu(2), gpu(2), gpu(2), gpu(2)}));
  CHECK_FALSE(strict_spread(nodes, {gpu(3), gpu(3), gpu(3)}));
  CHECK(strict_spread(nodes, {})->empty());
}

TEST_CASE("STRICT_SPREAD moves what it has placed along a chain of kinds") {
  // Each bundle fits its own node and the next; the last fits the first node only.
  std::vector<NodeResources> nodes(5);
  std::vector<Resources> bundles(5);
  for (int i = 0; i < 5; ++i) {
    const std::string name = "kind" + std::to_string(i);
    bundles[i].custom[name] = nodes[i].amounts.custom[name] = fixed(1);
    if (i < 4) nodes[i + 1].amounts.custom[name] = fixed(1);
  }
  CHECK(strict_spread(nodes, bundles) == std::vector{0, 1, 2, 3, 4});
  bundles[4] = bundles[0];
  nodes[1].amounts.custom.erase("kind0");
  CHECK_FALSE(strict_spread(nodes, bundles));
}

TEST_CASE("bundles that are alike stand in node order") {
  const std::vector nodes(6, node_with(8, 8));
  CHECK(strict_spread(nodes, {gpu(8), gpu(8), cpu(1), gpu(8)}) == std::vector{0, 1, 3, 2});
}

TEST_CASE("random groups agree with brute force, and every answer can be taken") {
  MESSAGE("seed ", kSeed);
  std::mt19937 random(kSeed);
  const auto below = [&random](int n) { return static_cast<int>(random() % n); };
  int packs = 0, spreads = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<NodeResources> nodes(1 + below(5));
    for (NodeResources& node : nodes) {
      std::vector<double> parts;
      for (int i = below(5); i > 0; --i) parts.push_back(below(3) ? 1 : 0.1 * below(11));
      node = node_of_parts(parts);
      node.amounts.cpu = fixed(below(6));
      if (below(2)) node.amounts.custom["license"] = fixed(below(3));
    }
    std::vector<Resources> bundles(1 + below(5));
    for (Resources& bundle : bundles) {
      bundle = below(3) ? gpu(below(3) ? 0.1 * below(10) : 1 + below(3)) : Resources();
      bundle.cpu = fixed(0.5 * below(4));
      if (below(4) == 0) bundle.custom["license"] = fixed(below(2));
    }
    CAPTURE(words(nodes, bundles));
    const auto packed = strict_pack(nodes, bundles);
    int first = -1;
    for (int i = 0; i < std::ssize(nodes) && first < 0; ++i)
      if (brute_pack(nodes[i], bundles)) first = i;
    REQUIRE((packed ? packed->node : -1) == first);
    if (packed) REQUIRE(holds(nodes[packed->node], bundles, packed->gpus));
    if (packed) REQUIRE(fits(nodes[packed->node], needed_at_least(bundles)));
    packs += packed.has_value();

    const auto spread = strict_spread(nodes, bundles);
    REQUIRE(spread.has_value() == brute_spread(nodes, bundles));
    if (!spread) continue;
    ++spreads;
    REQUIRE(std::set(spread->begin(), spread->end()).size() == bundles.size());
    for (std::size_t i = 0; i < bundles.size(); ++i) REQUIRE(fits(nodes[(*spread)[i]], bundles[i]));
  }
  MESSAGE(packs, " could be packed, ", spreads, " spread, of 4000");
  CHECK(packs > 400);
  CHECK(spreads > 400);
}

TEST_CASE("random fractions on devices agree with brute force") {
  MESSAGE("seed ", kSeed);
  std::mt19937 random(kSeed);
  const auto below = [&random](int n) { return static_cast<int>(random() % n); };
  int best_fit_was_wrong = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<Fixed> free, fractions;
    for (int i = 1 + below(4); i > 0; --i) free.push_back(Fixed::raw(below(2) ? 10'000 : 500 * (4 + below(16))));
    for (int i = 2 + below(7); i > 0; --i) fractions.push_back(Fixed::raw(500 * (2 + below(10))));
    const std::function<bool(std::size_t)> brute = [&](std::size_t next) {
      if (next == fractions.size()) return true;
      for (Fixed& device : free) {
        if (device < fractions[next]) continue;
        device -= fractions[next];
        const bool rest = brute(next + 1);
        device += fractions[next];
        if (rest) return true;
      }
      return false;
    };
    const auto packed = pack_fractions(free, fractions, kPackingStates);
    REQUIRE(packed.has_value() == brute(0));
    if (packed && !pack_fractions(free, fractions, 0)) ++best_fit_was_wrong;
    std::vector<Fixed> left = free;
    for (std::size_t i = 0; packed && i < fractions.size(); ++i) left.at((*packed)[i]) -= fractions[i];
    REQUIRE(std::ranges::all_of(left, [](Fixed part) { return part >= Fixed(); }));
  }
  MESSAGE("best fit alone missed ", best_fit_was_wrong);
  CHECK(best_fit_was_wrong > 0);
}

}  // namespace Atoll
