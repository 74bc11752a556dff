// A driver whose large results lie on a node that is killed; tests/cluster/lineage.sh says what must come of it.
//   lineage FOLDER   FOLDER/runs gets a line for each run of a task; FOLDER/killed says that the node is gone.

#include <atoll/atoll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Atoll::Affinity;
using Atoll::Array;
using Atoll::Ref;
using Numbers = Array<double>;

constexpr std::size_t kCount = 1 << 20;
const std::string kVictim = "n3";
constexpr std::uint64_t kObjectsThere = 13;  // three of them fetched

Numbers numbers(double first) {
  std::vector<double> values(kCount);
  std::iota(values.begin(), values.end(), first);
  return values;
}
double sum(const Numbers& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

void note(const std::string& folder, const std::string& what) {
  std::ofstream(folder + "/runs", std::ios::app) << what << "\n" << std::flush;
}

Numbers make(const std::string& folder, const std::string& name, double first) {
  note(folder, "make " + name);
  return numbers(first);
}
ATOLL_TASK(make);

Numbers twice(const std::string& folder, const std::string& name, const Numbers& values) {
  note(folder, "twice " + name);
  std::vector<double> result = values.to_vector();
  for (double& value : result) value *= 2;
  return result;
}
ATOLL_TASK(twice);

// A small value with a Ref inside.
struct Letter {
  Ref<Numbers> inside;
  ATOLL_FIELDS(inside)
};

Numbers read_letter(const std::string& folder, const std::string& name, const Letter& letter) {
  note(folder, "read " + name);
  return letter.inside.get();
}
ATOLL_TASK(read_letter);

double add_up(const Numbers& values) { return sum(values); }
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
  double add(const Numbers& values) { return total += sum(values); }
  Letter write() const { return {Atoll::put(numbers(7))}; }
  double total = 0;
  Ref<Numbers> mine;
};
ATOLL_ACTOR(Keeper(), &Keeper::put, &Keeper::result, &Keeper::add, &Keeper::write);

// In one piece: several threads do.
void say(const std::string& what, const auto& value) {
  std::ostringstream line;
  line << what << " " << value << "\n";
  std::cout << line.str() << std::flush;
}

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

std::uint64_t objects_there(const Atoll::Cluster& cluster) {
  for (const Atoll::NodeView& node : cluster.nodes())
    if (node.name == kVictim) return node.objects;
  return 0;
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
  // One after the other, so that each finds room there.
  const auto made = [](const Ref<Numbers>& ref) {
    Atoll::wait(std::vector{ref}, 1, std::chrono::seconds(30));
    return ref;
  };

  // What is dropped in between is made again for what is made of it.
  Ref<Numbers> end;
  {
    const Ref<Numbers> first = made(there(make).submit(folder, "chain", 1.0));
    end = made(there(twice).submit(folder, "chain's end", made(there(twice).submit(folder, "chain's middle", first))));
  }
  const Ref<Numbers> argument = made(there(make).submit(folder, "argument", 2.0));
  const Ref<Numbers> for_actor = made(there(make).submit(folder, "for the actor", 3.0));
  const Ref<Numbers> single = made(there(make).retries(0).submit(folder, "single", 1.0));
  const Ref<Numbers> once = made(there(only_once).submit(folder));
  const auto far = Atoll::actor<Keeper>().on_node(kVictim).create();
  const auto near = Atoll::actor<Keeper>().on_node("n1").create();
  // What small arguments refer to is kept for the day that they are wanted again.
  std::vector<Ref<Numbers>> letters;
  letters.push_back(made(there(read_letter).submit(folder, "value", Letter{Atoll::put(numbers(5))})));
  letters.push_back(made(there(read_letter).submit(folder, "put", Atoll::put(Letter{Atoll::put(numbers(6))}))));
  letters.push_back(made(there(read_letter).submit(folder, "result", near.call(&Keeper::write))));
  const Ref<Numbers> put = far.call(&Keeper::put).get(), result = made(far.call(&Keeper::result));
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (objects_there(cluster) != kObjectsThere && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  say("objects there", objects_there(cluster));
  say("made", "all");
  wait_for(folder + "/killed");

  expect_lost("put", put);
  expect_lost("single", single);
  expect_lost("result", result);
  say("task", Atoll::task(add_up).submit(argument).get() == sum(numbers(2)));
  say("actor", near.call(&Keeper::add, for_actor).get() == sum(numbers(3)));
  for (std::size_t i = 0; i < letters.size(); ++i) say("letter", letters[i].get()[0] == 5.0 + double(i));
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
