// prefetch GO: large arguments of calls that wait behind another. Each line printed is a fact for tests/cluster/prefetch.sh; the
// first call goes on when the file GO is there. Needs two nodes; this runs on the first.
#include <atoll/atoll.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Numbers = Atoll::Array<double>;
using std::chrono::steady_clock;

constexpr std::size_t kMiB = 1 << 20;

class Reader {
 public:
  // A minute at most: the test has failed by then.
  int wait(const std::string& go) {
    const auto limit = steady_clock::now() + std::chrono::minutes(1);
    while (!std::filesystem::exists(go) && steady_clock::now() < limit) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return 1;
  }
  double first(const Numbers& numbers) { return numbers[0]; }
};
ATOLL_ACTOR(Reader(), &Reader::wait, &Reader::first);

Numbers numbers(std::size_t bytes, double value) { return Numbers(std::vector<double>(bytes / sizeof(double), value)); }

// Until the node's object memory has so many bytes in use, half a minute at most.
bool await_used(const Atoll::Cluster& cluster, std::uint64_t bytes) {
  const auto limit = steady_clock::now() + std::chrono::seconds(30);
  while (cluster.nodes()[1].object_memory_used < bytes) {
    if (steady_clock::now() > limit) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::string go = argv[1];
  const std::uint64_t memory = cluster.nodes()[1].object_memory;
  const auto reader = Atoll::actor<Reader>().on_node(cluster.nodes()[1].name).create();
  const Atoll::Ref<Numbers> small = Atoll::put(numbers(4 * kMiB, 1)), also = Atoll::put(numbers(4 * kMiB, 2));
  const Atoll::Ref<Numbers> large = Atoll::put(numbers(memory / 2, 3));
  Atoll::Ref<int> waits = reader.call(&Reader::wait, go);
  std::vector<Atoll::Ref<double>> read;
  for (const Atoll::Ref<Numbers>& each : {large, small, also, small}) read.push_back(reader.call(&Reader::first, each));
  std::cout << "fetched while they wait: " << await_used(cluster, 8 * kMiB) << std::endl;
  std::cout << "more than those: " << (cluster.nodes()[1].object_memory_used > 10 * kMiB) << std::endl;
  std::cout << "the first had ended: " << waits.is_ready() << std::endl;
  std::ofstream(go) << "go\n";
  std::cout << "read:";
  for (Atoll::Ref<double>& each : read) std::cout << " " << each.get();
  std::cout << std::endl;
}
