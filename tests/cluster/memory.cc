// A driver whose task takes all the memory there is; tests/cluster/memory.sh says how much, and what must come of it.

#include <atoll/atoll.h>

#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

namespace {

std::size_t take_all() {
  std::vector<std::string> all;
  for (int i = 0; i < 4096; ++i) all.emplace_back(std::size_t{1} << 20, 'x');
  return all.size();
}
ATOLL_TASK(take_all);

int add(int a, int b) { return a + b; }
ATOLL_TASK(add);

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  try {
    const std::size_t took = Atoll::task(take_all).retries(0).submit().get();
    std::cout << "took all: " << took << std::endl;
  } catch (const Atoll::WorkerDiedError& error) {
    std::cout << "died: " << error.what() << std::endl;
  }
  std::cout << "others go on: " << Atoll::task(add).submit(1, 2).get() << std::endl;
}
