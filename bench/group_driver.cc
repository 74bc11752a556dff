// Makes and removes placement groups as fast as it can; a driver, for bench/groups.
//
//   group_driver [BATCH [SECONDS]]     batches of BATCH (100) groups of one bundle, for SECONDS (2)
//
// Prints "groups/s N" twice: with the shape of Ray's microbenchmark (a batch is asked for, waited for one by one, removed),
// then with batches one after the other without a wait between remove and the next create.

#include <atoll/atoll.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The rate of created and removed groups over at least `seconds`.
double measure(int batch, double seconds) {
  const std::vector<Atoll::Needs> bundles = {{.custom = {{"custom", 0.001}}}};
  long made = 0;
  const Clock::time_point start = Clock::now();
  while (seconds_since(start) < seconds) {
    std::vector<Atoll::PlacementGroup> groups;
    for (int i = 0; i < batch; ++i) groups.push_back(Atoll::placement_group(bundles));
    for (const Atoll::PlacementGroup& group : groups) group.wait(std::chrono::seconds(30));
    for (const Atoll::PlacementGroup& group : groups) group.remove();
    made += batch;
  }
  return static_cast<double>(made) / seconds_since(start);
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const int batch = argc > 1 ? std::atoi(argv[1]) : 100;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
  measure(batch, 0.2);
  std::printf("groups/s %.0f\n", measure(batch, seconds));
}
