// dashboard STOP: something of everything for a dashboard to show, until the file STOP is there.
//
// Needs two nodes with two CPUs and 8 GPUs each.
#include <atoll/atoll.h>

#include <unistd.h>

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

class Trainer {
 public:
  double load(const Array<double>& values) {
    kept_ = values;
    std::printf("loaded %zu \033[1mweights\033[0m\n", kept_.size());
    std::fflush(stdout);
    return kept_[0];
  }
  int process() { return ::getpid(); }
  void die() { std::_Exit(3); }

 private:
  Array<double> kept_;
};
ATOLL_ACTOR(Trainer(), &Trainer::load, &Trainer::process, &Trainer::die);

int step(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return milliseconds;
}
ATOLL_TASK(step);

// Four minutes at most: the test has ended by then.
bool goes_on(const std::string& path) {
  static const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(4);
  return !std::filesystem::exists(path) && std::chrono::steady_clock::now() < limit;
}

int stay(const std::string& path) {
  while (goes_on(path)) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return 1;
}
ATOLL_TASK(stay);

int fail(const std::string& words) { throw std::runtime_error(words); }
ATOLL_TASK(fail);

using Actors = std::vector<Atoll::Actor<Trainer>>;

Atoll::PlacementGroup group_of(const std::string& name, int gpus) {
  return Atoll::placement_group(std::vector<Atoll::Needs>(static_cast<std::size_t>(gpus), {.cpus = 0, .gpus = 1}),
                                {.strategy = Atoll::PlacementStrategy::kStrictPack, .name = name});
}

void fill(const Atoll::PlacementGroup& group, int bundles, const Ref<Array<double>>& weights, Actors& actors) {
  for (int i = 0; i < bundles; ++i) {
    actors.push_back(Atoll::actor<Trainer>().cpus(0).gpus(1).in(group, i).create());
    actors.back().call(&Trainer::load, weights).get();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::string stop = argv[1];
  const Ref<Array<double>> weights = Atoll::put(Array<double>(std::vector<double>(1 << 19, 1.5)));
  const Ref<std::string> text = Atoll::put(std::string(std::size_t{2} << 20, 'o'));

  Actors actors;
  Atoll::PlacementGroup train = group_of("train", 4), eval = group_of("eval", 2), kept = group_of("kept free", 2);
  fill(train, 4, weights, actors);
  fill(eval, 2, weights, actors);
  const auto half = Atoll::actor<Trainer>().cpus(0).gpus(0.5).name("half").create();
  half.call(&Trainer::process).get();
  const auto marked = Atoll::actor<Trainer>().cpus(0).name("<b>bold</b>").create();  // names are words, not markup
  marked.call(&Trainer::process).get();

  const auto fragile = Atoll::actor<Trainer>().cpus(0).name("fragile").create();
  try {
    fragile.call(&Trainer::die).get();
  } catch (const Atoll::ActorDiedError&) {
  }
  const auto waiting = Atoll::actor<Trainer>().gpus(8).name("waiting").create();
  Atoll::PlacementGroup never = Atoll::placement_group(std::vector<Atoll::Needs>{{.cpus = 1000}}, {.name = "never"});

  const Ref<int> long_one = Atoll::task(stay).submit(stop);
  std::vector<Ref<int>> crowd;
  for (int i = 0; i < 12; ++i) crowd.push_back(Atoll::task(stay).submit(stop));
  const Ref<int> after = Atoll::task(step).submit(long_one);
  std::printf("holding\n");
  std::fflush(stdout);
  for (int round = 0; goes_on(stop); ++round) {
    const Ref<int> next = Atoll::task(step).cpus(0).submit(10);
    next.get();
    if (round % 20 != 0) continue;
    try {
      Atoll::task(fail).cpus(0).submit(std::string("a reef in the way")).get();
    } catch (const Atoll::TaskError&) {
    }
  }
  for (const Ref<int>& each : crowd) each.get();
  std::printf("went on: %d\n", after.get());
}
