#pragma once

// Objects, waiting and placement groups; the shapes of Ray's own microbenchmark (ray/_private/ray_perf.py).

#include <atoll/atoll.h>

#include <iterator>
#include <string>
#include <vector>

#include "bench/compare_calls.h"
#include "bench/compare_measure.h"

namespace Atoll::Compare {

using Numbers = std::vector<Atoll::Ref<int>>;

inline Numbers put_numbers(int n) {
  Numbers refs;
  for (int i = 0; i < n; ++i) refs.push_back(Atoll::put(1));
  return refs;
}
ATOLL_TASK(put_numbers);

inline void put_small(double seconds) {
  print("put_small", rate_of(1000, seconds, [] {
          for (int i = 0; i < 1000; ++i) Atoll::put(0);
        }));
}
inline void get_small(double seconds) {
  const Atoll::Ref<int> zero = Atoll::put(0);
  print("get_small", rate_of(1000, seconds, [&] {
          for (int i = 0; i < 1000; ++i) zero.get();
        }));
}
// As many bytes as 100 Mi integers of 64 bits.
inline void put_large(double seconds) {
  const std::string bytes(std::size_t{100} << 23, '\0');
  print("put_large", rate_of(static_cast<double>(bytes.size()) / 1e9, seconds, [&] { Atoll::put(bytes); }));
}
// 10 tasks that each put a small value 100 times, or 80 MiB 10 times.
inline int put_some(int n) {
  for (int i = 0; i < n; ++i) Atoll::put(0);
  return n;
}
ATOLL_TASK(put_some);
inline int put_some_large(int n) {
  const std::string bytes(std::size_t{80} << 20, '\0');
  for (int i = 0; i < n; ++i) Atoll::put(bytes);
  return n;
}
ATOLL_TASK(put_some_large);
template <typename Task>
void run_ten(Task put, int n) {
  std::vector<Atoll::Ref<int>> done;
  for (int i = 0; i < 10; ++i) done.push_back(Atoll::task(put).submit(n));
  Atoll::get(done);
}
inline void put_clients(double seconds) {
  print("put_clients", rate_of(1000, seconds, [] { run_ten(put_some, 100); }));
}
inline void put_large_clients(double seconds) {
  print("put_large_clients", rate_of(100 * double(80 << 20) / 1e9, seconds, [] { run_ten(put_some_large, 10); }));
}

// One actor is called with 8 MiB that were put once, 100 calls under way; it looks at the last byte.
struct Viewer {
  char last(const Atoll::Array<char>& bytes) { return bytes[bytes.size() - 1]; }
};
ATOLL_ACTOR(Viewer(), &Viewer::last);
inline void arg_large(double seconds) {
  const Atoll::Actor<Viewer> viewer = Atoll::actor<Viewer>().cpus(0).create();
  const auto bytes = Atoll::put(Atoll::Array<char>(std::vector<char>(std::size_t{8} << 20)));
  print("arg_large", rate_of(100, seconds, [&] {
          std::vector<Atoll::Ref<char>> seen;
          for (int i = 0; i < 100; ++i) seen.push_back(viewer.call(&Viewer::last, bytes));
          Atoll::get(seen);
        }));
}

inline void get_10k_objects(double) {
  Numbers numbers = put_numbers(10'000);
  Atoll::get(numbers);
  print("get_10k_objects", time_of([&] { Atoll::get(numbers); }));
}
inline void get_large(double seconds) {
  const Atoll::Ref<std::string> large = Atoll::put(std::string(std::size_t{8} << 20, '\0'));
  print("get_large", median_microseconds(seconds, [&] { large.view(); }));
}
inline void get_10k_refs(double seconds) {
  const Atoll::Ref<Numbers> refs = Atoll::task(put_numbers).submit(10'000);
  print("get_10k_refs", rate_of(1, seconds, [&] { refs.get(); }));
}

// One task after the other is taken from those that are ready: 1,000 times wait() on a list that shrinks by one.
inline void wait_for_1000() {
  std::vector<Text> pending;
  for (int i = 0; i < 1000; ++i) pending.push_back(submit_small());
  while (!pending.empty()) {
    Atoll::Waited<std::string> waited = Atoll::wait(std::move(pending), 1, std::chrono::seconds(60));
    pending.assign(std::make_move_iterator(waited.ready.begin() + 1), std::make_move_iterator(waited.ready.end()));
    pending.insert(pending.end(), std::make_move_iterator(waited.pending.begin()), std::make_move_iterator(waited.pending.end()));
  }
}
inline void wait_1k(double seconds) { print("wait_1k", rate_of(1, seconds, wait_for_1000)); }

// 100 groups of one bundle are asked for, waited for and removed.
inline void groups(double seconds) {
  const std::vector<Atoll::Needs> bundles = {{.custom = {{"custom", 0.001}}}};
  print("groups", rate_of(100, seconds, [&] {
          std::vector<Atoll::PlacementGroup> all;
          for (int i = 0; i < 100; ++i) all.push_back(Atoll::placement_group(bundles));
          for (const auto& group : all) group.wait(std::chrono::seconds(30));
          for (const auto& group : all) group.remove();
        }));
}

}  // namespace Atoll::Compare
