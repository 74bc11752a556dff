// gathered STOP: on every node an actor that keeps an object and owns a task that runs until the file STOP is there.
#include <atoll/atoll.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using Atoll::Array;
using Atoll::Ref;

// Three minutes at most: the test has ended by then.
int stay(const std::string& path) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(3);
  while (!std::filesystem::exists(path) && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  return 1;
}
ATOLL_TASK(stay);

class Keeper {
 public:
  int begin(const std::string& path) {
    kept_ = Atoll::put(Array<double>(std::vector<double>(1 << 15, 2.5)));
    task_ = Atoll::task(stay).cpus(0).submit(path);
    return 1;
  }
  int end() { return task_->get(); }

 private:
  std::optional<Ref<Array<double>>> kept_;
  std::optional<Ref<int>> task_;
};
ATOLL_ACTOR(Keeper(), &Keeper::begin, &Keeper::end);

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::string stop = argv[1];
  std::vector<Atoll::Actor<Keeper>> keepers;
  std::vector<Ref<int>> begun;
  for (const auto& node : cluster.nodes()) {
    keepers.push_back(Atoll::actor<Keeper>().name("keeper-" + node.name).cpus(0).on_node(node.name).create());
    begun.push_back(keepers.back().call(&Keeper::begin, stop));
  }
  for (const Ref<int>& each : begun) each.get();
  std::printf("holding\n");
  std::fflush(stdout);
  int ended = 0;
  stay(stop);
  for (const auto& keeper : keepers) ended += keeper.call(&Keeper::end).get();
  std::printf("ended: %d\n", ended);
}
