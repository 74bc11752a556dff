// How long a large object takes to the memory of other nodes, for bench/transfer.
//
//   transfer_driver BYTES ROUNDS
//
// Prints "one SECONDS": until a task on the second node has seen the whole of a fresh object of the first, less what a task
// there takes that sees a small one; "all SECONDS": the same until tasks on all nodes have; and "many SECONDS": for each of
// as many as make kMany bytes, asked for at the same time by tasks on the second. Medians.

#include <atoll/atoll.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using Atoll::Array;
using Clock = std::chrono::steady_clock;

// The last byte: it is there when all are.
char last_byte(const Array<char>& bytes) { return bytes[bytes.size() - 1]; }
ATOLL_TASK(last_byte);

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

using Objects = std::vector<Atoll::Ref<Array<char>>>;

Atoll::Ref<Array<char>> fresh(std::size_t bytes) { return Atoll::put(Array<char>(std::vector<char>(bytes, 'e'))); }

double seconds_to(const std::vector<std::string>& nodes, const Objects& objects) {
  const auto begin = Clock::now();
  std::vector<Atoll::Ref<char>> seen;
  for (const auto& object : objects)
    for (const std::string& node : nodes) seen.push_back(Atoll::task(last_byte).on_node(node).submit(object));
  for (const Atoll::Ref<char>& each : seen)
    if (each.get() != 'e') std::abort();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Of fresh objects; the first round touches the pages of the arenas, and does not count.
double measure(const std::vector<std::string>& nodes, std::size_t bytes, int rounds) {
  std::vector<double> large, small;
  for (int round = 0; round <= rounds; ++round) {
    const double time = seconds_to(nodes, {fresh(bytes)});
    if (round > 0) large.push_back(time);
    small.push_back(seconds_to(nodes, {fresh(100)}));
  }
  return median(large) - median(small);
}

constexpr std::size_t kMany = std::size_t{256} << 20;

double measure_many(const std::string& node, std::size_t bytes, int rounds) {
  const std::size_t count = std::max<std::size_t>(1, kMany / bytes);
  std::vector<double> each;
  for (int round = 0; round <= rounds; ++round) {
    Objects objects;
    for (std::size_t i = 0; i < count; ++i) objects.push_back(fresh(bytes));
    const double time = seconds_to({node}, objects);
    if (round > 0) each.push_back(time / static_cast<double>(count));
  }
  return median(each);
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const auto bytes = static_cast<std::size_t>(std::strtoull(argv[1], nullptr, 10));
  const int rounds = std::atoi(argv[2]);
  std::vector<std::string> others;
  for (const Atoll::NodeView& node : cluster.nodes()) others.push_back(node.name);
  others.erase(others.begin());
  std::printf("one %.6f\n", measure({others.front()}, bytes, rounds));
  std::printf("all %.6f\n", measure(others, bytes, rounds));
  std::printf("many %.6f\n", measure_many(others.front(), bytes, rounds));
}
