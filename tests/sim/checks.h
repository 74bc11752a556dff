#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "tests/sim/worker.h"

// What the tests of whole clusters share: seeds, faults, and what must hold in the end.
namespace Atoll::sim {

using std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::uint32_t kShrink = 5;
#else
inline constexpr std::uint32_t kShrink = 1;
#endif

inline const Resources kOneCpu{.cpu = Fixed::whole(1)};

// The seeds to try: the one of the environment, or 1 to `count`.
inline std::vector<std::uint64_t> seeds(std::uint64_t count) {
  if (const char* given = std::getenv("ATOLL_SIM_SEED")) return {std::strtoull(given, nullptr, 10)};
  std::vector<std::uint64_t> all;
  for (std::uint64_t seed = 1; seed <= std::max<std::uint64_t>(1, count / kShrink); ++seed) all.push_back(seed);
  return all;
}

// What a person needs to see the failure again.
inline std::string replay(std::uint64_t seed) {
  return "ATOLL_SIM_SEED=" + std::to_string(seed) + " tests/sim -tc='" +
         doctest::getContextOptions()->currentTest->m_name + "'";
}

inline bool wait_ready(World& world) {
  return world.run_until([&] { return world.head().head().ready(); }, Seconds(20));
}

inline ClientProcess& attached_client(World& world) {
  ClientProcess& client = world.add_client();
  REQUIRE(world.run_until([&] { return client.attached(); }, Seconds(20)));
  return client;
}

// Everything a client could have left behind on a living node, and at the head.
inline void check_all_given_back(World& world) {
  const ClusterView& view = world.head().head().view();
  for (const auto& daemon : world.daemons()) {
    if (!daemon->alive) continue;
    CHECK(daemon->node().ledger().outstanding() == 0);
    const ClusterView::Node* node = view.find(NodeId(daemon->host));
    REQUIRE(node != nullptr);
    CHECK(node->free == node->total);
  }
}

inline void check_each_ended_once(const ClientProcess& client) {
  for (const auto& [object, times] : client.tally().asked) CHECK_MESSAGE(times == 1, object);
}

// Something goes wrong now: a worker, a node, a connection. Nodes up to
// `spared` live.
inline void break_something(World& world, std::uint32_t spared) {
  std::mt19937_64& random = world.network.random();
  const auto node = static_cast<std::uint32_t>(spared + random() % (world.options.nodes - spared));
  switch (random() % 6) {
    case 0: return world.kill_node(node, /*silently=*/false);
    case 1: return world.kill_node(node, /*silently=*/true);
    case 2: {
      world.network.cut(node);
      const auto heal = milliseconds(random() % 6000);
      return world.clock_.after(heal, [&world, node] { world.network.heal(node); });
    }
    case 3: return world.network.sever(node, static_cast<Host>(random() % world.options.nodes));
    case 4: return world.network.sever(node, World::kClientHost);
    default:
      if (Worker* worker = world.any_worker()) world.kill(*worker, "killed by signal 9");
  }
}

}  // namespace Atoll::sim
