// A driver whose large results lie on a node that is killed; tests/cluster/lineage.sh says what must come of it.
//   lineage FOLDER   FOLDER/runs gets a line for each run of a task; FOLDER/killed says that the node is gone.

#include <atoll/atoll.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Atoll::Affinity;
using Atoll::Array;
using Atoll::Ref;
using Numbers = std::vector<double>;

constexpr std::size_t kCount = 1 << 20;
const std::string kVictim = "n3";

Numbers numbers(double first) {
  Numbers values(kCount);
  std::iota(values.begin(), values.end(), first);
  return values;
}
double sum(const Array<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

void note(const std::string& folder, const std::string& what) {
  std::ofstream(folder + "/runs", std::ios::app) << what << "\n" << std::flush;
}

Numbers make(const std::string& folder, const std::string& name, double first) {
  note(folder, "make " + name);
  return numbers(first);
}
ATOLL_TASK(make);

Numbers twice(const std::string& folder, const std::string& name, const Array<double>& values) {
  note(folder, "twice " + name);
  Numbers result = values.to_vector();
  for (double& value : result) value *= 2;
  return result;
}
ATOLL_TASK(twice);

double add_up(const Array<double>& values) { return sum(values); }
ATOLL_TASK(add_up);

// The first runs well, and no other.
Numbers only_once(const std::string& folder) {
  note(folder, "only_once");
  if (!std::filesystem::exists(folder + "/killed")) return numbers(1);
  throw std::runtime_error("not again");
}
ATOLL_TASK(only_once);

struct Keeper {
  Ref<Numbers> put() { return mine = Atoll::put(numbers(1)); }
  Numbers result() { return numbers(1); }
  double add(const Array<double>& values) { return total += sum(values); }
  double total = 0;
  Ref<Numbers> mine;
};
ATOLL_ACTOR(Keeper(), &Keeper::put, &Keeper::result, &Keeper::add);

void say(const std::string& what, const auto& value) { std::cout << what << " " << value << "\n" << std::flush; }

double since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// What get() throws, and whether it does so at once.
void expect_lost(const std::string& what, const Ref<Numbers>& ref) {
  const auto begin = std::chrono::steady_clock::now();
  try {
    ref.get();
    say(what, "was not lost");
  } catch (const Atoll::ObjectLostError& error) {
    say(what, error.what());
  } catch (const Atoll::Error& error) {
    say(what + ": another error:", error.what());
  }
  say(what + " was said at once", since(begin) < 5);
}

void wait_for(const std::string& file) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!std::filesystem::exists(file) && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::string folder = argv[1];
  const auto there = [](auto function) { return Atoll::task(function).on_node(kVictim, Affinity::kSoft); };

  // What is dropped in between is made again for what is made of it.
  Ref<Numbers> end;
  {
    const Ref<Numbers> first = there(make).submit(folder, "chain", 1.0);
    end = there(twice).submit(folder, "chain's end", there(twice).submit(folder, "chain's middle", first));
  }
  const Ref<Numbers> argument = there(make).submit(folder, "argument", 2.0);
  const Ref<Numbers> for_actor = there(make).submit(folder, "for the actor", 3.0);
  const Ref<Numbers> single = there(make).retries(0).submit(folder, "single", 1.0), once = there(only_once).submit(folder);
  const auto far = Atoll::actor<Keeper>().on_node(kVictim).create();
  const auto near = Atoll::actor<Keeper>().on_node("n1").create();
  const Ref<Numbers> put = far.call(&Keeper::put).get(), result = far.call(&Keeper::result);
  Atoll::wait(std::vector{end, argument, for_actor, single, once, result}, 6, std::chrono::seconds(30));
  for (const Atoll::NodeView& node : cluster.nodes())
    if (node.name == kVictim) say("objects on " + kVictim, node.objects);
  say("made", "all");
  wait_for(folder + "/killed");

  expect_lost("put", put);
  expect_lost("single", single);
  expect_lost("result", result);
  say("task", Atoll::task(add_up).submit(argument).get() == sum(numbers(2)));
  say("actor", near.call(&Keeper::add, for_actor).get() == sum(numbers(3)));
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i)
    readers.emplace_back([&] {
      const Numbers values = end.get();
      say("chain", values.size() == kCount && values[0] == 4 && values[kCount - 1] == 4.0 * kCount);
    });
  for (std::thread& reader : readers) reader.join();
  try {
    once.get();
  } catch (const Atoll::TaskError& error) {
    say("failed:", error.what());
  }
  say("all", "done");
}
