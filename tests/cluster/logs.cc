// What prints, for logs.sh:
//   logs stay STOP     actors and tasks on every node print; one of them goes on until the file STOP is there; ends when STOP.read is
//   logs fast BYTES    a task prints so much while others are called; says how fast it was, and how fast they were
#include <atoll/atoll.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

using Clock = std::chrono::steady_clock;

struct Speaker {
  int say(const std::string& words, int times) {
    for (int i = 0; i < times; ++i) std::cout << words << (times > 1 ? " " + std::to_string(i) : "") << "\n";
    return times;
  }
  int complain(const std::string& words) {
    std::cerr << words << "\n";
    return 1;
  }
  int end() { std::_Exit(3); }
};
ATOLL_ACTOR(Speaker(), &Speaker::say, &Speaker::complain, &Speaker::end);

static int count(int n) {
  std::cout << "counting " << n << std::endl;
  return n;
}
ATOLL_TASK(count);

static int flood(std::int64_t bytes) {
  const std::string line(99, 'x');
  for (std::int64_t i = 0; i < bytes; i += 100) std::cout << line << '\n';
  std::cout << std::flush;
  return 0;
}
ATOLL_TASK(flood);

struct Echo {
  int say(int word) { return word; }
};
ATOLL_ACTOR(Echo(), &Echo::say);

static int stay(const Atoll::Cluster& cluster, const std::string& stop) {
  auto keeper = Atoll::actor<Speaker>().name("keeper").cpus(0).create();
  auto fragile = Atoll::actor<Speaker>().name("fragile").cpus(0).create();
  keeper.call(&Speaker::say, std::string("kept line"), 150).get();
  keeper.call(&Speaker::complain, std::string("kept complaint")).get();
  fragile.call(&Speaker::say, std::string("my last words"), 1).get();
  std::vector<Atoll::Actor<Speaker>> crowd;
  std::vector<Atoll::Ref<int>> said;
  for (const Atoll::NodeView& node : cluster.nodes())
    for (int i = 0; i < 2; ++i) crowd.push_back(Atoll::actor<Speaker>().cpus(0).on_node(node.name).create());
  for (auto& speaker : crowd) speaker.call(&Speaker::say, std::string("ready"), 1).get();
  for (auto& speaker : crowd) said.push_back(speaker.call(&Speaker::say, std::string("loading the model"), 1));
  for (int i = 0; i < 4; ++i) said.push_back(Atoll::task(count).submit(i));
  for (const auto& each : said) each.get();
  try {
    fragile.call(&Speaker::end).get();
  } catch (const Atoll::Error&) {  // so it should
  }
  std::cout << "waiting" << std::endl;
  int beats = 0;
  while (!std::filesystem::exists(stop)) {
    keeper.call(&Speaker::say, "beat " + std::to_string(beats++) + " " + std::string(200, '.'), 1).get();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  keeper.kill();
  std::cout << beats << " beats" << std::endl;
  while (!std::filesystem::exists(stop + ".read")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return 0;
}

// Beside each other: calls while nothing is printed, then while the flood comes.
static int be_fast(std::int64_t bytes) {
  auto echo = Atoll::actor<Echo>().cpus(0).create();
  const auto median = [&echo](const auto& goes_on) {
    std::vector<double> took;
    do {
      const auto begin = Clock::now();
      echo.call(&Echo::say, 1).get();
      took.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } while (goes_on(took.size()));
    std::nth_element(took.begin(), took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2), took.end());
    return took[took.size() / 2];
  };
  const double quiet = median([](std::size_t calls) { return calls < 200; });
  const auto begin = Clock::now();
  const Atoll::Ref<int> flooding = Atoll::task(flood).submit(bytes);
  const double loud = median([&flooding](std::size_t) { return !flooding.is_ready(); });
  flooding.get();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::cerr << "printed " << static_cast<double>(bytes) / 1e6 / seconds << " MB/s; a call took " << quiet * 1e6
            << " us before and " << loud * 1e6 << " us meanwhile" << std::endl;
  return 0;
}

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  if (argc == 3 && std::string(argv[1]) == "stay") return stay(cluster, argv[2]);
  if (argc == 3 && std::string(argv[1]) == "fast") return be_fast(std::atoll(argv[2]));
  return 2;
}
