#include "runtime/metrics/task_census.h"

#include <doctest/doctest.h>

#include "tests/support/builders.h"
#include "tests/support/mail.h"

namespace Atoll {
namespace {

using namespace testing;

constexpr ProcessId kOne{0x1}, kTwo{0x2};

struct Census {
  Time now{};
  Mail mail;
  TaskCensus census;

  std::uint64_t ask(const std::vector<ProcessId>& owners) {
    Outbox out;
    census.ask(now, owners, out);
    mail.take(out);
    std::uint64_t request = 0;
    for (const ProcessId owner : owners) request = mail.expect<GetTaskCounts>(owner).request;
    return request;
  }
  double of(Metric metric, std::size_t sample = 0) const {
    MetricsPage page;
    census.add_to(page);
    return page.of(metric).samples.at(sample).value;
  }
};

TaskCounts counts(std::uint64_t request, std::uint64_t finished, std::uint64_t queued = 0) {
  TaskCounts counts{request, {}, {}};
  counts.tasks.submitted = finished + queued;
  counts.tasks.finished = finished;
  counts.tasks.queued = queued;
  counts.calls.finished = 10 * finished;
  return counts;
}

TEST_CASE("CENSUS-3: nobody is asked while nobody reads, and with nobody to ask it is complete") {
  Census c;
  CHECK(c.census.complete(c.now));
  c.ask({});
  CHECK(c.census.complete(c.now));
  CHECK(c.of(Metric::kOwners) == 0);
  c.mail.expect_nothing_else();
}

TEST_CASE("what all owners say is added up") {
  Census c;
  const std::uint64_t request = c.ask({kOne, kTwo});
  CHECK_FALSE(c.census.complete(c.now));
  c.census.take(kOne, counts(request, 3, 4));
  CHECK_FALSE(c.census.complete(c.now));
  c.census.take(kTwo, counts(request, 30, 40));
  CHECK(c.census.complete(c.now));
  CHECK(c.of(Metric::kTasksFinished) == 33);
  CHECK(c.of(Metric::kCallsFinished) == 330);
  CHECK(c.of(Metric::kTasksSubmitted) == 77);
  CHECK(c.of(Metric::kTasks, 1) == 44);
  CHECK(c.of(Metric::kOwners) == 2);
  CHECK(c.of(Metric::kOwnersSilent) == 0);
}

TEST_CASE("a question under way is joined") {
  Census c;
  const std::uint64_t request = c.ask({kOne});
  Outbox out;
  c.census.ask(c.now, {kOne}, out);
  CHECK(out.letters.empty());
  c.census.take(kOne, counts(request, 1));
  CHECK(c.ask({kOne}) == request + 1);
}

TEST_CASE("CENSUS-1: what an owner counted stays when it is gone, what it had under way does not") {
  Census c;
  c.census.take(kOne, counts(c.ask({kOne, kTwo}), 5, 7));
  c.census.forget(kOne);
  c.census.forget(kTwo);
  CHECK(c.census.complete(c.now));
  CHECK(c.of(Metric::kTasksFinished) == 5);
  CHECK(c.of(Metric::kTasks, 1) == 0);
  CHECK(c.of(Metric::kOwners) == 0);
  c.census.take(kOne, counts(1, 500));  // late words of the dead
  CHECK(c.of(Metric::kTasksFinished) == 5);
}

TEST_CASE("CENSUS-2: who is silent is counted as it last said") {
  Census c;
  c.census.take(kOne, counts(c.ask({kOne}), 5, 7));
  const std::uint64_t request = c.ask({kOne, kTwo});
  c.census.take(kTwo, counts(request, 1));
  CHECK_FALSE(c.census.complete(c.now));
  c.now += kCensusPatience;
  CHECK(c.census.complete(c.now));
  CHECK(c.of(Metric::kOwnersSilent) == 1);
  CHECK(c.of(Metric::kTasksFinished) == 6);
  c.ask({kOne});
  c.census.take(kOne, counts(request, 6));  // an answer to an older question is news, but not the answer
  CHECK_FALSE(c.census.complete(c.now));
  CHECK(c.of(Metric::kTasksFinished) == 7);
}

}  // namespace
}  // namespace Atoll
