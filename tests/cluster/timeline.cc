// timeline STOP: a program of a known number of tasks, calls, waits and transfers, which then waits for the file STOP.
// timeline million: a million tasks.
//
// Needs two nodes.
#include <atoll/atoll.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using Atoll::Array;
using Atoll::Ref;

int square(int n) { return n * n; }
ATOLL_TASK(square);

int parent(int children) {
  std::vector<Ref<int>> all;
  for (int i = 0; i < children; ++i) all.push_back(Atoll::task(square).submit(i));
  int sum = 0;
  for (const Ref<int>& each : all) sum += each.get();
  return sum;
}
ATOLL_TASK(parent);

int slow(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return 0;
}
ATOLL_TASK(slow);

int fail() { throw std::runtime_error("a reef in the way"); }
ATOLL_TASK(fail);

double first_of(const Array<double>& values) { return values[0]; }
ATOLL_TASK(first_of);

Atoll::Stream<int> count(int items) {
  for (int i = 0; i < items; ++i) co_yield i;
}
ATOLL_TASK(count);

struct Adder {
  int total = 0;
  int add(int n) { return total += n; }
  int sleep(int milliseconds) { return slow(milliseconds); }
};
ATOLL_ACTOR(Adder(), &Adder::add, &Adder::sleep);

template <typename Value>
void get_all(const std::vector<Ref<Value>>& all) {
  for (const Ref<Value>& each : all) each.get();
}

void run_a_million() {
  std::vector<Ref<int>> all;
  all.reserve(1'000'000);
  for (int i = 0; i < 1'000'000; ++i) all.push_back(Atoll::task(square).submit(i & 0xff));
  get_all(all);
}

void run_some(const Atoll::Cluster& cluster) {
  std::vector<Ref<int>> all;
  for (int i = 0; i < 200; ++i) all.push_back(Atoll::task(square).submit(i));
  all.push_back(Atoll::task(parent).submit(5));
  all.push_back(Atoll::task(slow).submit(30));
  get_all(all);

  const auto adder = Atoll::actor<Adder>().name("adder").on_node(cluster.nodes()[1].name).create();
  const auto crowd = Atoll::actor<Adder>().max_concurrency(4).create();
  std::vector<Ref<int>> calls;
  for (int i = 0; i < 50; ++i) calls.push_back(adder.call(&Adder::add, i));
  for (int i = 0; i < 8; ++i) calls.push_back(crowd.call(&Adder::sleep, 20));
  [[maybe_unused]] const auto waited = Atoll::wait(calls, calls.size(), std::chrono::seconds(60));
  get_all(calls);

  try {
    Atoll::task(fail).retries(0).submit().get();
  } catch (const Atoll::TaskError&) {
  }
  const Ref<Array<double>> large = Atoll::put(Array<double>(std::vector<double>(1 << 20, 1.5)));
  std::vector<Ref<double>> seen;
  for (const Atoll::NodeView& node : cluster.nodes()) seen.push_back(Atoll::task(first_of).on_node(node.name).submit(large));
  get_all(seen);
  int items = 0;
  for (auto stream = Atoll::task(count).submit(10); auto item = stream.next();) items += item->get() >= 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  if (std::string(argv[1]) == "million") {
    run_a_million();
    return 0;
  }
  run_some(cluster);
  std::printf("done\n");
  std::fflush(stdout);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!std::filesystem::exists(argv[1]) && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
}
