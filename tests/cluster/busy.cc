// busy STOP: a program that does something of all that is counted, and then has an actor on node n2 use a whole CPU until the
// file STOP is there.
#include <atoll/atoll.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Atoll::Array;
using Atoll::Ref;

// Two minutes at most: the test has ended by then.
auto limit() { return std::chrono::steady_clock::now() + std::chrono::minutes(2); }

class Mill {
 public:
  int grind(const std::string& stop) {
    double sum = 1;
    for (const auto end = limit(); !std::filesystem::exists(stop) && std::chrono::steady_clock::now() < end;)
      for (int i = 0; i < 1'000'000; ++i) sum = sum * 0.5 + 1;
    return sum > 0 ? 1 : 0;
  }
  double weigh(const Array<double>& values) { return values[0]; }
  int break_down() { std::_Exit(3); }
};
ATOLL_ACTOR(Mill(), &Mill::grind, &Mill::weigh, &Mill::break_down);

int square(int n) { return n * n; }
ATOLL_TASK(square);

int fail(const std::string& words) { throw std::runtime_error(words); }
ATOLL_TASK(fail);

int wait_for(const std::string& stop) {
  for (const auto end = limit(); !std::filesystem::exists(stop) && std::chrono::steady_clock::now() < end;)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return 0;
}
ATOLL_TASK(wait_for);

template <typename Call>
int fails(const Call& call) {
  try {
    call();
    return 0;
  } catch (const Atoll::Error&) {
    return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::string stop = argv[1];
  std::vector<Ref<int>> squares;
  for (int i = 0; i < 20; ++i) squares.push_back(Atoll::task(square).submit(i));
  for (const Ref<int>& each : squares) each.get();
  int failed = 0;
  for (int i = 0; i < 3; ++i) failed += fails([] { Atoll::task(fail).submit(std::string("a reef in the way")).get(); });

  auto mill = Atoll::actor<Mill>().name("mill").cpus(1).on_node("n2").restarts(1).create();
  failed += fails([&mill] { mill.call(&Mill::break_down).get(); });
  const Ref<Array<double>> large = Atoll::put(Array<double>(std::vector<double>(1 << 20, 1.5)));
  const double weight = mill.call(&Mill::weigh, large).get();
  const Ref<int> turns = mill.call(&Mill::grind, stop);
  std::vector<Ref<int>> crowd;
  for (int i = 0; i < 30; ++i) crowd.push_back(Atoll::task(wait_for).submit(stop));
  std::printf("busy on %zu nodes, %d failed, weight %.1f\n", cluster.nodes().size(), failed, weight);
  std::fflush(stdout);
  for (const Ref<int>& each : crowd) each.get();
  std::printf("went on: %d\n", turns.get() > 0);
}
