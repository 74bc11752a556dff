#include "runtime/client/work_lanes.h"

#include <doctest/doctest.h>

namespace Atoll {
namespace {

constexpr ProcessId kCaller{7};

Message task(std::uint64_t number) {
  PushTask task;
  task.task = {kCaller, number};
  return task;
}
Message call(std::uint64_t number, const std::string& method, const std::string& group = "") {
  CallActor call;
  call.task = {kCaller, number};
  call.method = method;
  call.group = group;
  return call;
}

struct Lanes : WorkLanes {
  void add(Message message) { push({kCaller, std::move(message)}); }
  // The number of what is taken next; 0 for nothing.
  std::uint64_t next() {
    std::optional<Taken> taken = take();
    if (!taken) return 0;
    lanes.push_back(taken->lane);
    if (const auto* each = std::get_if<CallActor>(&taken->item.message)) return each->task.sequence;
    return std::get<PushTask>(taken->item.message).task.sequence;
  }
  std::vector<std::size_t> lanes;  // of what was taken
};

const std::vector<ConcurrencyGroup> kGroups = {{"io", 2, {"read", "write"}}, {"compute", 1, {"work"}}};

}  // namespace

TEST_CASE("LANES-2: tasks are taken one at a time, in order of arrival") {
  Lanes lanes;
  CHECK(lanes.next() == 0);
  for (std::uint64_t i = 1; i <= 3; ++i) lanes.add(task(i));
  CHECK(lanes.next() == 1);
  CHECK(lanes.next() == 0);
  CHECK(!lanes.any());
  lanes.end(0);
  CHECK(lanes.any());
  CHECK(lanes.next() == 2);
}

TEST_CASE("LANES-2: no more calls run than the actor allows, in all and in each of its groups") {
  Lanes lanes;
  lanes.limit(2, kGroups);
  CHECK(lanes.most() == 5);
  for (std::uint64_t i = 1; i <= 4; ++i) lanes.add(call(i, "other"));
  for (std::uint64_t i = 11; i <= 14; ++i) lanes.add(call(i, i % 2 == 0 ? "read" : "write"));
  for (std::uint64_t i = 21; i <= 22; ++i) lanes.add(call(i, "work"));
  for (const std::uint64_t expected : {1, 2, 11, 12, 21, 0}) CHECK(lanes.next() == expected);
  lanes.end(lanes.lanes[2]);
  CHECK(lanes.next() == 13);
  CHECK(lanes.next() == 0);
  lanes.end(lanes.lanes[4]);
  CHECK(lanes.next() == 22);
}

TEST_CASE("LANES-1: of the groups that have room the oldest call goes first") {
  Lanes lanes;
  lanes.limit(1, kGroups);
  lanes.add(call(1, "work"));
  lanes.add(call(2, "other"));
  lanes.add(call(3, "read"));
  for (const std::uint64_t expected : {1, 2, 3}) CHECK(lanes.next() == expected);
}

TEST_CASE("a call that names a group runs in it, whatever its method's is") {
  Lanes lanes;
  lanes.limit(1, kGroups);
  lanes.add(call(1, "work"));
  lanes.add(call(2, "work", "io"));
  lanes.add(call(3, "other", "compute"));
  lanes.add(call(4, "work", "unheard of"));
  for (const std::uint64_t expected : {1, 2, 4, 0}) CHECK(lanes.next() == expected);
}

TEST_CASE("LANES-3: the last call is taken when all before it were, in all groups") {
  Lanes lanes;
  lanes.limit(1, kGroups);
  lanes.add(call(1, "work"));
  lanes.add(call(2, "work"));
  lanes.add(call(3, kLeave));
  CHECK(lanes.next() == 1);
  CHECK(lanes.next() == 0);
  lanes.end(lanes.lanes[0]);
  CHECK(lanes.next() == 2);
  CHECK(lanes.next() == 3);
}

TEST_CASE("what was not taken can be removed, changed, and cleared away") {
  Lanes lanes;
  lanes.limit(1, kGroups);
  for (std::uint64_t i = 1; i <= 3; ++i) lanes.add(call(i, i == 3 ? "read" : "work"));
  const auto is = [](std::uint64_t number) {
    return [number](const WorkItem& item) { return std::get<CallActor>(item.message).task.sequence == number; };
  };
  CHECK(lanes.remove_if(is(1)) == 1);
  CHECK(lanes.remove_if(is(1)) == 0);
  lanes.for_each([](WorkItem& item) { item.read.emplace(); });
  const std::vector<WorkItem> left = lanes.clear();
  REQUIRE(left.size() == 2);
  CHECK(left[0].read);
  CHECK(!lanes.any());
}

}  // namespace Atoll
