// A driver whose tasks take the memory there is; tests/cluster/memory.sh says how much, and what must come of it.

#include <atoll/atoll.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::size_t take_all() {
  std::vector<std::string> all;
  for (int i = 0; i < 4096; ++i) all.emplace_back(kMiB, 'x');
  return all.size();
}
ATOLL_TASK(take_all);

// Takes so much and waits to be ended for it, half a minute at most; once: when `mark` is there it takes nothing.
std::string take_once(std::size_t bytes, const std::string& mark) {
  if (std::filesystem::exists(mark)) return "run again";
  std::ofstream(mark) << "taken\n";
  const std::string taken(bytes, 'x');
  std::this_thread::sleep_for(std::chrono::seconds(30));
  return "nobody ended it, with " + std::to_string(taken.size());
}
ATOLL_TASK(take_once);

int add(int a, int b) { return a + b; }
ATOLL_TASK(add);

// Holds little, and is not to be ended for what others take.
class Bystander {
 public:
  int count() { return ++count_; }

 private:
  std::string held_ = std::string(8 * kMiB, 'b');
  int count_ = 0;
};
ATOLL_ACTOR(Bystander(), &Bystander::count);

void beyond_all() {
  try {
    const std::size_t took = Atoll::task(take_all).retries(0).submit().get();
    std::cout << "took all: " << took << std::endl;
  } catch (const Atoll::WorkerDiedError& error) {
    std::cout << "died: " << error.what() << std::endl;
  }
}

void beyond_the_watch(std::size_t bytes, const std::string& mark) {
  const auto bystander = Atoll::actor<Bystander>().create();
  bystander.call(&Bystander::count).get();
  try {
    const std::string took = Atoll::task(take_once).retries(0).submit(bytes, mark).get();
    std::cout << "took: " << took << std::endl;
  } catch (const Atoll::WorkerDiedError& error) {
    std::cout << "died: " << error.what() << std::endl;
  }
  std::filesystem::remove(mark);
  std::cout << "retried: " << Atoll::task(take_once).submit(bytes, mark).get() << std::endl;
  std::cout << "bystander: " << bystander.call(&Bystander::count).get() << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  if (argc > 2)
    beyond_the_watch(std::stoul(argv[1]) * kMiB, argv[2]);
  else
    beyond_all();
  std::cout << "others go on: " << Atoll::task(add).submit(1, 2).get() << std::endl;
}
