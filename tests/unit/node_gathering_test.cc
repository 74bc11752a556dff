// Node daemons that gather what others know, for who looks at the cluster.
#include <doctest/doctest.h>

#include <cmath>

#include "runtime/state/cells.h"
#include "tests/support/node_fixture.h"

namespace Atoll {
namespace {

using namespace testing;

constexpr ProcessId kTool{0x777};

GetState question_of(StateKind kind, std::vector<std::string> columns, std::uint32_t limit = 100) {
  GetState question;
  question.request = 5;
  question.kind = kind;
  question.columns = std::move(columns);
  question.limit = limit;
  question.patience = 0.4;
  return question;
}

// For these nodes beside the daemon's own, which is number 0.
GatherState gather_of(GetState question, std::uint32_t members) {
  GatherState gather{std::move(question), {}};
  for (std::uint32_t rank = 1; rank <= members; ++rank)
    gather.members.push_back({contact_of(daemon_of(rank), NodeId(rank)), "n" + std::to_string(rank), true});
  return gather;
}

StateReport report_of(const GetState& asked, const std::vector<double>& numbers) {
  StateReport report;
  report.request = asked.request;
  report.total = numbers.size();
  for (const double number : numbers) report.rows.push_back({{cell_of(number)}});
  return report;
}

std::vector<double> numbers_in(const StateReport& report) {
  std::vector<double> numbers;
  for (const StateRow& row : report.rows) numbers.push_back(row.cells.at(0).number);
  return numbers;
}

}  // namespace

TEST_CASE("GATHERER-1: a daemon gathers what others know, and answers once with the first of all") {
  JoinedNode node;
  node.lease(1, cpus(1));
  node.mail.drop_all();
  GetState question = question_of(StateKind::kWorkers, {"pid"}, 3);
  question.sort = "pid";
  question.descending = true;
  node.say(kTool, gather_of(question, 2));
  const GetState first = node.mail.expect<GetState>(daemon_of(1)), second = node.mail.expect<GetState>(daemon_of(2));
  node.mail.expect_nothing_else();
  CHECK(node.mail.learned(contact_of(daemon_of(2), NodeId(2))));
  CHECK(first.limit == 3);
  CHECK(first.patience == doctest::Approx(0.3));
  node.say(daemon_of(2), report_of(second, {9000, 100}));
  node.mail.expect_nothing_else();
  node.say(daemon_of(1), report_of(first, {5000, 4000, 10}));
  const StateReport all = node.mail.expect<StateReport>(kTool);
  CHECK(all.request == 5);
  CHECK(all.total == 6);
  CHECK(numbers_in(all) == std::vector<double>{9000, 5000, 4711});
  CHECK(all.silent.empty());
  node.say(daemon_of(1), report_of(first, {5000}));
  node.pass(std::chrono::seconds(1));
  node.mail.expect_nothing_else();
}

TEST_CASE("GATHERER-1: who does not answer in time, or is lost, is named") {
  JoinedNode node;
  node.say(kTool, gather_of(question_of(StateKind::kWorkers, {"pid"}), 3));
  const GetState asked = node.mail.expect<GetState>(daemon_of(1));
  node.mail.drop_all();
  node.say(daemon_of(1), report_of(asked, {1}));
  node.lose(daemon_of(2));
  node.pass(std::chrono::milliseconds(399));
  node.mail.expect_nothing_else();
  node.pass(std::chrono::milliseconds(2));
  const StateReport all = node.mail.expect<StateReport>(kTool);
  CHECK(numbers_in(all) == std::vector<double>{1});
  CHECK(all.silent == std::vector<std::string>{"the daemon of node n2", "the daemon of node n3"});
  node.say(daemon_of(3), report_of(asked, {3}));
  node.mail.expect_nothing_else();
}

TEST_CASE("a gatherer stands among its members by rank") {
  JoinedNode node;  // number 0
  node.say(kTool, gather_of(question_of(StateKind::kWorkers, {"pid"}), 0));
  CHECK(node.mail.expect<StateReport>(kTool).total == 0);
  NodeDaemon::Options options = NodeFixture::options(node_info(2, 4));
  options.self = contact_of(daemon_of(2), NodeId(2));
  NodeOutbox out;
  NodeDaemon second(options, Time(), out);
  out.clear();
  GatherState gather = gather_of(question_of(StateKind::kRefs, {"id"}), 3);  // itself among them: that is no other
  second.on_message(Time(), kTool, gather, out);
  Mail mail;
  mail.take(out);
  for (const std::uint32_t rank : {3, 1}) {
    const GetState asked = mail.expect<GetState>(daemon_of(rank));
    second.on_message(Time(), daemon_of(rank), report_of(asked, {double(rank)}), out);
    mail.take(out);
  }
  CHECK(numbers_in(mail.expect<StateReport>(kTool)) == std::vector<double>{1, 3});
}

TEST_CASE("owners are asked through a gatherer, too: its own workers, and its members' by them") {
  JoinedNode node;
  const ProcessId worker = node.lease(1, cpus(1)).worker.process;
  node.mail.drop_all();
  node.say(kTool, gather_of(question_of(StateKind::kTasks, {"seconds"}), 1));
  const GetState of_worker = node.mail.expect<GetState>(worker), of_member = node.mail.expect<GetState>(daemon_of(1));
  node.mail.expect_nothing_else();
  StateReport members = report_of(of_member, {3, 4});
  members.finished = 10;
  members.silent = {"worker 7 on n1"};
  node.say(daemon_of(1), members);
  StateReport own = report_of(of_worker, {1, 2});
  own.finished = 5;
  own.failed = 1;
  node.say(worker, own);
  const StateReport all = node.mail.expect<StateReport>(kTool);
  CHECK(numbers_in(all) == std::vector<double>{1, 2, 3, 4});
  CHECK(all.total == 4);
  CHECK(all.finished == 15);
  CHECK(all.failed == 1);
  CHECK(all.silent == std::vector<std::string>{"worker 7 on n1"});
}

TEST_CASE("of a task by its id a daemon asks the worker that owns it, and no other") {
  JoinedNode node;
  const ProcessId owner = node.lease(1, cpus(1)).worker.process, other = node.lease(2, cpus(1)).worker.process;
  node.mail.drop_all();
  GetState question = question_of(StateKind::kTasks, {"id"});
  question.filters = {{"id", FilterOp::kEqual, to_string(owner) + "-12", 0, true}};
  node.say(kTool, question);
  const GetState asked = node.mail.expect<GetState>(owner);
  node.mail.expect_nothing_else();
  node.say(other, report_of(asked, {7}));  // it was not asked
  node.mail.expect_nothing_else();
  node.say(owner, report_of(asked, {12}));
  CHECK(numbers_in(node.mail.expect<StateReport>(kTool)) == std::vector<double>{12});
  question.filters[0].text = "0123456789abcdef-12";  // nobody's here
  node.say(kTool, question);
  CHECK(node.mail.expect<StateReport>(kTool).total == 0);
  node.mail.expect_nothing_else();
}

TEST_CASE("a worker that ends is not waited for") {
  JoinedNode node;
  const ProcessId worker = node.lease(1, cpus(1)).worker.process;
  node.mail.drop_all();
  node.say(kTool, question_of(StateKind::kTasks, {"id"}));
  node.exit(worker, "killed by signal 9");
  const StateReport report = node.mail.expect<StateReport>(kTool);
  CHECK(report.silent == std::vector<std::string>{"worker 4711 on n0"});
}

TEST_CASE("what is gathered for who is gone is dropped") {
  JoinedNode node;
  node.say(kTool, gather_of(question_of(StateKind::kWorkers, {"pid"}), 1));
  const GetState asked = node.mail.expect<GetState>(daemon_of(1));
  node.lose(kTool);
  node.say(daemon_of(1), report_of(asked, {1}));
  node.pass(std::chrono::seconds(1));
  node.mail.expect_nothing_else();
}

TEST_CASE("GATHERER-2: beyond so many at one time a daemon refuses to gather, and says what it knows itself") {
  JoinedNode node;
  const ProcessId worker = node.lease(1, cpus(1)).worker.process;
  node.mail.drop_all();
  for (std::size_t i = 0; i < StateGatherer::kMostGatherings; ++i)
    node.say(kTool, gather_of(question_of(StateKind::kWorkers, {"pid"}), 1));
  const GetState first = node.mail.expect<GetState>(daemon_of(1));
  node.mail.drop_all();
  node.say(kTool, gather_of(question_of(StateKind::kWorkers, {"pid"}), 1));
  const StateReport refused = node.mail.expect<StateReport>(kTool);
  CHECK(refused.refused);
  CHECK(refused.request == 5);
  node.say(kTool, question_of(StateKind::kWorkers, {"pid"}));
  CHECK(node.mail.expect<StateReport>(kTool).total == 1);
  node.say(kTool, question_of(StateKind::kTasks, {"id"}));
  CHECK(node.mail.expect<StateReport>(kTool).silent == std::vector<std::string>{"worker 4711 on n0"});
  node.mail.expect_nothing_else();
  node.say(daemon_of(1), report_of(first, {}));  // one is done: there is room again
  node.mail.drop_all();
  node.say(kTool, question_of(StateKind::kTasks, {"id"}));
  node.mail.expect<GetState>(worker);
  node.mail.expect_nothing_else();
}

TEST_CASE("a patience that is none, or has no end, is bounded") {
  for (const double patience : {0.0, -1.0, std::nan(""), 1e300}) {
    CAPTURE(patience);
    JoinedNode node;
    GetState question = question_of(StateKind::kWorkers, {"pid"});
    question.patience = patience;
    node.say(kTool, gather_of(question, 1));
    CHECK(node.mail.expect<GetState>(daemon_of(1)).patience <= kMostPatience);
    node.pass(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(kMostPatience)) +
              std::chrono::seconds(1));
    CHECK(node.mail.expect<StateReport>(kTool).silent.size() == 1);
  }
  JoinedNode node;
  GatherState crowd = gather_of(question_of(StateKind::kWorkers, {"pid"}), kMostMembers + 1);
  node.say(kTool, crowd);
  CHECK(node.mail.expect<StateReport>(kTool).refused);
  node.mail.expect_nothing_else();
}

}  // namespace Atoll
