// Who can know of what is asked for.
#include <doctest/doctest.h>

#include "runtime/state/columns.h"
#include "runtime/state/narrow.h"

namespace Atoll {
namespace {

constexpr ProcessId kOwner{0x4f1c09aa71b2e690}, kCousin{0x4f1c09aa00000000}, kOther{0x1111111111111111};

GetState question_of(StateKind kind, const std::vector<std::string>& filters) {
  GetState question;
  question.kind = kind;
  for (const std::string& text : filters) question.filters.push_back(parse_filter(kind, text).value());
  return question;
}

// Which of the three may know.
std::string knowing(StateKind kind, const std::vector<std::string>& filters) {
  const GetState question = question_of(kind, filters);
  std::string all;
  for (const auto& [process, name] : {std::pair{kOwner, "owner "}, {kCousin, "cousin "}, {kOther, "other "}})
    if (may_know(question, process)) all += name + std::string(is_named(question, process) ? "alone " : "");
  return all;
}

const std::string kId = "4f1c09aa71b2e690";

}  // namespace

TEST_CASE("NARROW-1: a question about one task is for its owner, and about what one process knows for that") {
  using enum StateKind;
  struct Case {
    StateKind kind;
    std::vector<std::string> filters;
    const char* who;
  };
  const Case cases[] = {{kTasks, {}, "owner cousin other "},
                        {kTasks, {"id=" + kId + "-12"}, "owner alone "},
                        {kTasks, {"id=4f1c-12"}, "owner cousin "},
                        {kTasks, {"owner=" + kId}, "owner alone "},
                        {kTasks, {"owner=4f1c09aa0"}, "cousin "},
                        {kTasks, {"owner=" + kId, "id=1111-7"}, ""},  // nothing has both
                        {kTasks, {"owner!=" + kId}, "owner cousin other "},
                        {kTasks, {"owner~4f1c"}, "owner cousin other "},
                        {kTasks, {"process=" + kId}, "owner cousin other "},  // it runs there; who owns it is not said
                        {kTasks, {"actor=" + kId + "-3"}, "owner cousin other "},
                        {kTasks, {"waits_for=" + kId + "-3"}, "owner cousin other "},
                        {kRefs, {"process=" + kId}, "owner alone "},
                        {kRefs, {"id=" + kId + "-12"}, "owner cousin other "},  // whoever borrows it has a row
                        {kRefs, {"owner=" + kId}, "owner cousin other "}};
  for (const Case& each : cases) {
    CAPTURE(each.filters.empty() ? "" : each.filters.front());
    CHECK(knowing(each.kind, each.filters) == each.who);
  }
}

TEST_CASE("NARROW-1: of several ids each leaves its process, and none is the only one") {
  GetState question = question_of(StateKind::kTasks, {"id=" + kId + "-12"});
  question.filters[0].others = {"1111111111111111-4"};
  CHECK(may_know(question, kOwner));
  CHECK(may_know(question, kOther));
  CHECK_FALSE(may_know(question, kCousin));
  CHECK_FALSE(is_named(question, kOwner));
}

TEST_CASE("NARROW-2: what is on one node is known by its daemon") {
  GetState question = question_of(StateKind::kWorkers, {"node=n2"});
  question.filters[0].number = 2;
  CHECK(may_be_on(question, 2));
  CHECK_FALSE(may_be_on(question, 1));
  question.filters[0].op = FilterOp::kNotEqual;
  CHECK(may_be_on(question, 1));
  question = question_of(StateKind::kTasks, {"node=n2"});  // it runs there; its owner may be anywhere
  question.filters[0].number = 2;
  CHECK(may_be_on(question, 1));
  CHECK(may_be_on(question_of(StateKind::kObjects, {"id=4f1c-1"}), 1));
}

}  // namespace Atoll
