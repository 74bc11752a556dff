// A cluster with nothing to do, for idle.sh:
//   idle ACTORS FILE   starts so many actors, has each called once, says "idle" and waits until FILE is there, two minutes at most
#include <atoll/atoll.h>

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

struct Sleeper {
  int wake() { return 1; }
};
ATOLL_ACTOR(Sleeper(), &Sleeper::wake);

// Leaves 32 MB free in the allocator, in between what it still holds.
static int large_for_a_moment() {
  static std::vector<std::unique_ptr<std::string>> kept;
  std::vector<std::unique_ptr<std::string>> strings;
  for (int i = 0; i < 500; ++i) {
    strings.push_back(std::make_unique<std::string>(64 << 10, 'x'));
    kept.push_back(std::make_unique<std::string>(100, 'y'));
  }
  return static_cast<int>(strings.size());
}
ATOLL_TASK(large_for_a_moment);

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  if (argc != 3) return 2;
  std::vector<Atoll::Actor<Sleeper>> actors;
  int woke = 0;
  for (int i = 0; i < std::atoi(argv[1]); ++i) actors.push_back(Atoll::actor<Sleeper>().cpus(0).create());
  for (auto& actor : actors) woke += actor.call(&Sleeper::wake).get();
  woke += Atoll::task(large_for_a_moment).submit().get() == 500;
  std::cout << "idle, after " << woke << " calls" << std::endl;
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (::access(argv[2], F_OK) != 0 && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
}
