// Calls actors and tasks as fast as it can; a driver, for bench/calls.
//
//   call_driver [SECONDS]     at least SECONDS (1) of each shape
//
// Prints "NAME RATE" a line, in the shapes of Ray's own microbenchmark: each call returns two bytes, the actor needs no CPU;
// "sync" waits for each before the next, "async" asks for 1,000 and gets them all.

#include <atoll/atoll.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Text = Atoll::Ref<std::string>;

std::string small_value() { return "ok"; }
ATOLL_TASK(small_value);

struct Actor {
  std::string small_value() { return "ok"; }
};
ATOLL_ACTOR(Actor(), &Actor::small_value);

constexpr int kBatch = 1000;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// How often `batch`, which does `count` of something, does one a second.
template <typename Batch>
void measure(const char* name, int count, double seconds, Batch batch) {
  batch();  // what is done once only
  long done = 0;
  const Clock::time_point start = Clock::now();
  for (; seconds_since(start) < seconds; done += count) batch();
  std::printf("%s %.0f\n", name, static_cast<double>(done) / seconds_since(start));
}

template <typename Submit>
void get_many(Submit submit) {
  std::vector<Text> refs;
  refs.reserve(kBatch);
  for (int i = 0; i < kBatch; ++i) refs.push_back(submit());
  Atoll::get(refs);
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
  const auto actor = Atoll::actor<Actor>().cpus(0).create();
  const auto call = [&] { return actor.call(&Actor::small_value); };
  const auto submit = [] { return Atoll::task(small_value).submit(); };
  measure("actor_sync", 1, seconds, [&] { call().get(); });
  measure("actor_async", kBatch, seconds, [&] { get_many(call); });
  measure("task_sync", 1, seconds, [&] { submit().get(); });
  measure("task_async", kBatch, seconds, [&] { get_many(submit); });
  const Atoll::Ref<int> zero = Atoll::put(0);
  measure("put_small", kBatch, seconds, [] {
    for (int i = 0; i < kBatch; ++i) Atoll::put(i);
  });
  measure("get_small", kBatch, seconds, [&] {
    for (int i = 0; i < kBatch; ++i) zero.get();
  });
}
