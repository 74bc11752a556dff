// Objects beyond memory. One argument says what is to be done; each line printed is a fact for tests/cluster/spill.sh.

#include <atoll/atoll.h>

#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Numbers = Atoll::Array<std::uint64_t>;

constexpr std::size_t kMiB = 1 << 20;
constexpr std::size_t kPiece = 8 * kMiB;

// A piece's numbers, which only that piece has.
Numbers make_numbers(std::uint64_t piece) {
  std::vector<std::uint64_t> numbers(kPiece / sizeof(std::uint64_t));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = (piece << 32 | i) * 0x9e3779b97f4a7c15;
  return Numbers(std::move(numbers));
}
ATOLL_TASK(make_numbers);

bool are_right(const Numbers& numbers, std::uint64_t piece) {
  if (numbers.size() != kPiece / sizeof(std::uint64_t)) return false;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i] != (piece << 32 | i) * 0x9e3779b97f4a7c15) return false;
  return true;
}

int count_right(const Numbers& numbers, std::uint64_t piece) { return are_right(numbers, piece); }
ATOLL_TASK(count_right);

// As many pieces as fill the first node's object memory so often.
std::size_t pieces_for(const Atoll::Cluster& cluster, double times) {
  return static_cast<std::size_t>(static_cast<double>(cluster.nodes()[0].object_memory) * times / kPiece);
}

// Three times the memory: put and made by tasks, then read here, by tasks, and on every node.
void beyond(const Atoll::Cluster& cluster) {
  const std::size_t pieces = pieces_for(cluster, 3);
  std::vector<Atoll::Ref<Numbers>> refs;
  for (std::size_t i = 0; i < pieces; ++i) {
    if (i % 2 == 0)
      refs.push_back(Atoll::put(make_numbers(i)));
    else
      refs.push_back(Atoll::task(make_numbers).on_node(cluster.nodes()[0].name).submit(i));
  }
  std::size_t right = 0;
  for (int round = 0; round < 2; ++round)
    for (std::size_t i = 0; i < pieces; ++i) right += are_right(refs[i].get(), i);
  std::cout << "seen right " << right << " of " << 2 * pieces << "\n";
  std::vector<Atoll::Ref<int>> counts;
  for (const Atoll::NodeView& node : cluster.nodes())
    for (std::size_t i = 0; i < pieces; ++i) counts.push_back(Atoll::task(count_right).on_node(node.name).submit(refs[i], i));
  int counted = 0;
  for (Atoll::Ref<int>& count : counts) counted += count.get();
  std::cout << "counted right " << counted << " of " << counts.size() << "\n";
}

// More than memory and the disk's limit hold.
void full(const Atoll::Cluster& cluster) {
  std::vector<Atoll::Ref<Numbers>> refs;
  try {
    for (std::size_t i = 0; i < pieces_for(cluster, 4); ++i) refs.push_back(Atoll::put(make_numbers(i)));
    std::cout << "never full\n";
  } catch (const Atoll::OutOfDiskError& error) {
    std::cout << "full: " << error.what() << "\n";
  }
  std::cout << "more than memory holds " << (refs.size() > pieces_for(cluster, 1)) << "\n";
  refs.erase(refs.begin(), refs.begin() + static_cast<std::ptrdiff_t>(refs.size() / 2));
  const Atoll::Ref<Numbers> more = Atoll::put(make_numbers(7));
  std::cout << "the rest goes on " << are_right(more.get(), 7) << "\n";
}

// Fills memory and disk, says so, and waits to be ended.
void stay(const Atoll::Cluster& cluster) {
  std::vector<Atoll::Ref<Numbers>> refs;
  for (std::size_t i = 0; i < pieces_for(cluster, 2); ++i) refs.push_back(Atoll::put(make_numbers(i)));
  std::cout << "spilled" << std::endl;
  std::this_thread::sleep_for(std::chrono::minutes(5));
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "beyond") beyond(cluster);
  if (what == "full") full(cluster);
  if (what == "stay") stay(cluster);
  std::cout << "all done\n";
}
