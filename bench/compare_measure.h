#pragma once

// How compare_driver and compare_limits measure, and the line they print: "NAME VALUE", and where a count was chosen by
// time, "NAME VALUE COUNT".

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace Atoll::Compare {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

inline void print(const char* name, double value, long count = 0) {
  if (count > 0)
    std::printf("%s %.6g %ld\n", name, value, count);
  else
    std::printf("%s %.6g\n", name, value);
  std::fflush(stdout);
}

// How long `run` takes, in seconds.
template <typename Run>
double time_of(Run run) {
  const Clock::time_point start = Clock::now();
  run();
  return seconds_since(start);
}

// How many a second: `batch` does `count` of something, is called once to warm up, then for `seconds`.
template <typename Batch>
double rate_of(double count, double seconds, Batch batch) {
  batch();
  double done = 0;
  const Clock::time_point start = Clock::now();
  do {
    batch();
    done += count;
  } while (seconds_since(start) < seconds);
  return done / seconds_since(start);
}

// The median time of one `call`, in microseconds.
template <typename Call>
double median_microseconds(double seconds, Call call) {
  call();
  std::vector<double> each;
  const Clock::time_point start = Clock::now();
  for (Clock::time_point begin = start; begin - start < std::chrono::duration<double>(seconds);) {
    call();
    const Clock::time_point end = Clock::now();
    each.push_back(std::chrono::duration<double, std::micro>(end - begin).count());
    begin = end;
  }
  std::nth_element(each.begin(), each.begin() + static_cast<long>(each.size() / 2), each.end());
  return each[each.size() / 2];
}

// Prints the rate of `clients` that each do n at once, by `run(n)`: n is `most` where that takes `seconds` at the most,
// and less, but not below `least`, where it takes longer.
template <typename Run>
void measure_clients(const char* name, int clients, int least, int most, double seconds, Run run) {
  run(least);
  const double one = time_of([&] { run(least); });
  const int n = static_cast<int>(std::clamp(least * seconds / one, double(least), double(most)));
  double done = 0;
  const Clock::time_point start = Clock::now();
  do {
    run(n);
    done += double(n) * clients;
  } while (seconds_since(start) < seconds);
  print(name, done / seconds_since(start), n);
}

}  // namespace Atoll::Compare
