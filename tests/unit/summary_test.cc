#include "runtime/control/summary.h"

#include <doctest/doctest.h>

namespace Atoll {

TEST_CASE("waits are counted by powers of two, and their median is right to a factor of 1.5") {
  WaitCounts waits;
  CHECK(waits.median() == 0);
  for (int us = 1; us <= 1001; ++us) waits.add(std::chrono::microseconds(us));
  CHECK(waits.count() == 1001);
  CHECK(waits.seconds == doctest::Approx(0.501501));
  CHECK(waits.median() > 501e-6 / 1.5);
  CHECK(waits.median() < 501e-6 * 1.5);
  WaitCounts other;
  other.add(Duration(0));
  other.add(std::chrono::hours(1000));
  waits.add(other);
  CHECK(waits.count() == 1003);
  CHECK(waits.counts.front() == 2);
  CHECK(waits.counts.back() == 1);
}

TEST_CASE("a summary tells what was done, what failed and what was used") {
  ClusterTotals totals;
  totals.work.tasks = 1'234'567;
  totals.work.calls = 1;
  totals.work.failed = 3;
  totals.work.retries = 12;
  for (int i = 0; i < 3; ++i) totals.work.waits.add(std::chrono::milliseconds(2));
  totals.actors = 8;
  totals.actor_restarts = 1;
  totals.workers_died = 1;
  totals.cpu_seconds = 400;
  totals.cpu_seconds_held = 284;
  totals.gpu_seconds = 40 * 3600;
  totals.gpu_seconds_held = 32 * 3600;
  totals.memory_peak = 31ull << 30;
  CHECK(summary_of(totals, std::chrono::seconds(250)) ==
        "atoll: 1,234,567 tasks and 1 call done in 4 min, 3 failed, 12 retried; tasks waited 1.45 ms in the median, 6 "
        "ms in all; "
        "8 actors, 1 restart; 1 worker died\n"
        "atoll: CPUs were held 71 % of the time, GPUs 80 %: 8.0 h of 40.0 h of them were nobody's; most memory in use "
        "on a node: 31 GiB\n");
  CHECK(summary_of({}, std::chrono::seconds(2)) ==
        "atoll: 0 tasks and 0 calls done in 2 s, 0 failed, 0 retried\natoll: CPUs were held 0 % of the time\n");
}

}  // namespace Atoll
