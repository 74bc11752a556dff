// sight STOP: a program that is stuck in every way that atoll explain knows, until the file STOP is there.
//
// Needs two nodes with two CPUs and one "slot" each.
#include <atoll/atoll.h>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using Atoll::Array;
using Atoll::Ref;

// Keeps what it was given.
class Keeper {
 public:
  double keep(const Array<double>& values) {
    kept_ = values;
    return kept_[0];
  }

 private:
  Array<double> kept_;
};
ATOLL_ACTOR(Keeper(), &Keeper::keep);

struct Holder {
  int process() { return ::getpid(); }
  void die() { std::_Exit(3); }
  std::vector<Ref<std::string>> lend() { return {Atoll::put(std::string("mine"))}; }
};
ATOLL_ACTOR(Holder(), &Holder::process, &Holder::die, &Holder::lend);

// Two minutes at most: the test has ended by then.
void wait_for_file(const std::string& path) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!std::filesystem::exists(path) && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

int stay(const std::string& path) {
  wait_for_file(path);
  return 1;
}
ATOLL_TASK(stay);

int follow(int before) { return before + 1; }
ATOLL_TASK(follow);

Array<double> fill() { return Array<double>(std::vector<double>(1 << 18, 2.5)); }
ATOLL_TASK(fill);

int fail(const std::string& words) { throw std::runtime_error(words); }
ATOLL_TASK(fail);

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::string stop = argv[1];

  // An object that its owner has dropped, and an actor holds.
  const auto keeper = Atoll::actor<Keeper>().name("keeper").on_node(cluster.nodes()[0].name).create();
  {
    const Ref<Array<double>> held = Atoll::put(Array<double>(std::vector<double>(1 << 20, 1.5)));
    keeper.call(&Keeper::keep, held).get();
  }
  // One that its owner refers to.
  const Ref<std::string> owned = Atoll::put(std::string(std::size_t{4} << 20, 'o'));

  // One that lies on the second node and cannot be made again.
  const Ref<Array<double>> single = Atoll::task(fill).retries(0).on_node(cluster.nodes()[1].name).submit();
  (void)Atoll::wait(std::vector{single}, 1, std::chrono::seconds(60));

  // All slots are taken, and one more is wanted.
  std::vector<Atoll::Actor<Holder>> holders;
  for (int i = 0; i < 2; ++i) {
    holders.push_back(Atoll::actor<Holder>().name("holder" + std::to_string(i)).resource("slot", 1).create());
    holders.back().call(&Holder::process).get();
  }
  const auto waiting = Atoll::actor<Holder>().name("waiting").resource("slot", 1).create();
  const Ref<int> call = waiting.call(&Holder::process);

  // One that died, with an object that it had lent.
  const auto fragile = Atoll::actor<Holder>().name("fragile").create();
  const std::vector<Ref<std::string>> lent = fragile.call(&Holder::lend).get();
  try {
    fragile.call(&Holder::die).get();
  } catch (const Atoll::ActorDiedError&) {
  }

  // Groups that wait, and that can never be.
  Atoll::PlacementGroup busy =
      Atoll::placement_group(std::vector<Atoll::Needs>{{.cpus = 0, .custom = {{"slot", 1}}}}, {.name = "busy"});
  Atoll::PlacementGroup never = Atoll::placement_group(std::vector<Atoll::Needs>{{.cpus = 1000}}, {.name = "never"});

  // A task that failed, some that run, one that waits for them and more than there is room for.
  try {
    Atoll::task(fail).submit(std::string("a reef in the way")).get();
  } catch (const Atoll::TaskError&) {
  }
  const Ref<int> first = Atoll::task(stay).submit(stop);
  const Ref<int> after = Atoll::task(follow).submit(first);
  std::vector<Ref<int>> crowd;
  for (int i = 0; i < 8; ++i) crowd.push_back(Atoll::task(stay).submit(stop));

  std::printf("holding\n");
  std::fflush(stdout);
  wait_for_file(stop);
  std::printf("went on: %d\n", after.get());
  for (const Ref<int>& each : crowd) each.get();
}
