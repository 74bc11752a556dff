// What may stand still beside a daemon, for standstill.sh:
//   standstill print LINES    two tasks, on a node each, print LINES lines each
//   standstill call SECONDS   calls an actor all the while; after 3 s four more are started
#include <atoll/atoll.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

using Clock = std::chrono::steady_clock;

static int print(int lines) {
  for (int i = 0; i < lines; ++i) std::cout << "line " << i << " of a task that has much to say, as tasks do\n";
  std::cout << std::flush;
  return lines;
}
ATOLL_TASK(print);

struct Echo {
  int say(int word) { return word; }
};
ATOLL_ACTOR(Echo(), &Echo::say);

static int print_much(const Atoll::Cluster& cluster, int lines) {
  int printed = 0;
  std::vector<Atoll::Ref<int>> tasks;
  for (const Atoll::NodeView& node : cluster.nodes()) tasks.push_back(Atoll::task(print).on_node(node.name).submit(lines));
  for (const auto& task : tasks) printed += task.get();
  std::cout << printed << " lines printed" << std::endl;
  return 0;
}

static int call_all_the_while(double seconds) {
  auto echo = Atoll::actor<Echo>().cpus(0).create();
  echo.call(&Echo::say, 0).get();
  std::cout << "calling" << std::endl;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  double longest = 0;
  std::vector<Atoll::Actor<Echo>> more;
  const auto start_more = Clock::now() + std::chrono::seconds(3);
  while (Clock::now() < end) {
    const auto begin = Clock::now();
    echo.call(&Echo::say, 1).get();
    longest = std::max(longest, std::chrono::duration<double>(Clock::now() - begin).count());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (Clock::now() > start_more && more.size() < 4) more.push_back(Atoll::actor<Echo>().cpus(0).create());
  }
  int said = 0;
  for (auto& actor : more) said += actor.call(&Echo::say, 1).get();
  std::cout << "longest call: " << longest << " s\nactors: " << said << std::endl;
  return 0;
}

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  if (argc == 3 && std::string(argv[1]) == "print") return print_much(cluster, std::atoi(argv[2]));
  if (argc == 3 && std::string(argv[1]) == "call") return call_all_the_while(std::atof(argv[2]));
  return 2;
}
