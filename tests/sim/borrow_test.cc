#include "tests/sim/checks.h"
#include "tests/sim/holders.h"

// Programs that pass references and handles to actors around by chance, under seeds: nothing is lost that somebody refers to,
// and in the end nothing is left.
namespace Atoll::sim {
namespace {

struct Faults {
  bool kills = false;
  bool breaks = false;
};

void play(std::uint64_t seed, const Faults& faults, int& lost_values, std::size_t& lost_objects) {
  CAPTURE(replay(seed));
  Holders world(seed, 6);
  for (int step = 1; step <= 3000; ++step) {
    world.any().step();
    world.run_for(Duration(static_cast<Duration::rep>(world.chance(400'000))));
    world.check();
    if (faults.breaks && step % 97 == 0)
      world.network.sever(world.any().host, world.any().host);
    if (faults.kills && step % 700 == 0) world.kill(world.any());
  }
  // What was asked for comes, and with it what is inside.
  const auto drop_and_look = [&] {
    for (const auto& holder : world.all()) holder->drop_all();
    return world.all_empty();
  };
  for (int i = 0; i < 400 && !drop_and_look(); ++i) {
    world.run_for(milliseconds(50));
    world.check();
  }
  for (const auto& holder : world.all()) {
    if (holder->alive) CHECK_MESSAGE(holder->is_empty(), holder->words());
    lost_values += holder->lost_values();
  }
  lost_objects += world.lost();
  // HANDLES-1: all have left that did not end with their creators.
  CHECK(world.actors.left() > 30);
  CHECK(world.actors.running() == 0);
}

}  // namespace

TEST_CASE("BORROW-1, HANDLES-1: while all live, no reference to what is gone is there, and nothing is left of what is dropped") {
  int lost_values = 0;
  std::size_t lost_objects = 0;
  for (const std::uint64_t seed : seeds(20)) play(seed, {}, lost_values, lost_objects);
  CHECK(lost_values == 0);
  CHECK(lost_objects == 0);
}

TEST_CASE("BORROW-5: connections that break and come back take nothing from those who live, and leave nothing behind") {
  int lost_values = 0;
  std::size_t lost_objects = 0;
  for (const std::uint64_t seed : seeds(20)) play(seed, {.breaks = true}, lost_values, lost_objects);
  CHECK(lost_objects == 0);
  MESSAGE(lost_values << " values were asked for over a connection that broke");
}

TEST_CASE("BORROW-5: of a process that is killed nothing is left, and nothing goes but what it was passing on") {
  int lost_values = 0;
  std::size_t lost_objects = 0;
  for (const std::uint64_t seed : seeds(20)) play(seed, {.kills = true, .breaks = true}, lost_values, lost_objects);
  MESSAGE(lost_objects << " objects were lost on their way, " << lost_values << " values with their owners");
}

}  // namespace Atoll::sim
