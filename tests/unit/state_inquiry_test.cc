// Whom a tool asks, and what it does about those who do not answer.
#include <doctest/doctest.h>

#include <set>

#include "runtime/client/state_inquiry.h"
#include "runtime/state/cells.h"
#include "runtime/state/columns.h"
#include "tests/support/builders.h"
#include "tests/support/mail.h"

namespace Atoll {
namespace {

using namespace testing;

constexpr ProcessId kOtherDriver{0x201};
constexpr Duration kPatience = std::chrono::seconds(1);

Peers peers_of(std::uint32_t nodes) {
  Peers peers;
  peers.cluster = "reef";
  for (std::uint32_t rank = 0; rank < nodes; ++rank)
    peers.nodes.push_back({contact_of(daemon_of(rank), NodeId(rank)), "n" + std::to_string(rank), true});
  peers.drivers = {{contact_of(kDriver), "driver 1 on n0"}, {contact_of(kOtherDriver), "driver 2 on n1"}};
  return peers;
}

GetState workers(std::uint32_t limit = 100) {
  GetState question;
  question.kind = StateKind::kWorkers;
  question.columns = {"id", "node"};
  question.limit = limit;
  return question;
}

GetState tasks(const std::string& filter = "") {
  GetState question;
  question.kind = StateKind::kTasks;
  question.columns = {"id"};
  if (!filter.empty()) question.filters = {parse_filter(question.kind, filter).value()};
  return question;
}

// An inquiry whose head, drivers and daemons are the test.
struct Tool {
  explicit Tool(GetState question, std::uint32_t nodes = 16, std::set<ProcessId> poor = {})
      : Tool(std::move(question), peers_of(nodes), std::move(poor)) {}
  Tool(GetState question, Peers known, std::set<ProcessId> poor = {})
      : peers(std::move(known)),
        inquiry({std::move(question), 20, contact_of(kHead), kPatience, std::move(poor)}, peers, now, out) {
    mail.take(out);
  }

  void answer(ProcessId who, std::uint64_t request, const std::vector<std::string>& names,
              std::vector<std::string> silent = {}) {
    StateReport report;
    report.request = request;
    report.total = names.size();
    for (const std::string& name : names) report.rows.push_back({{cell_of(name)}});
    report.silent = std::move(silent);
    say(who, report);
  }
  void say(ProcessId who, const StateReport& report) {
    inquiry.on_report(now, who, report, out);
    mail.take(out);
  }
  void lose(ProcessId who) {
    inquiry.on_lost(now, who, out);
    mail.take(out);
  }
  // Time passes until it wants to be woken.
  void wait() {
    now = inquiry.next_deadline();
    inquiry.on_tick(now, out);
    mail.take(out);
  }
  bool is_over() const { return inquiry.is_over(now); }
  std::string names() {
    found = inquiry.finish();
    std::string all;
    for (const StateRow& row : found.rows) all += row.cells.at(0).text + " ";
    return all;
  }

  Time now = Time() + std::chrono::seconds(100);
  Outbox out;
  Mail mail;
  Peers peers;
  StateInquiry inquiry;
  StateReport found;
};

// The ranks of the members of what `gatherer` was sent.
std::vector<std::uint32_t> members_of(Tool& tool, ProcessId gatherer) {
  const GatherState gather = tool.mail.expect<GatherState>(gatherer);
  CHECK(gather.question.request == 20);
  CHECK(gather.question.patience == doctest::Approx(0.5));
  std::vector<std::uint32_t> ranks;
  for (const PeerNode& member : gather.members) {
    CHECK(member.name == "n" + std::to_string(static_cast<std::uint32_t>(member.daemon.node)));
    ranks.push_back(static_cast<std::uint32_t>(member.daemon.node));
  }
  return ranks;
}

using Ranks = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("INQUIRY-2: few daemons are asked each, of many the first of each block gathers") {
  Tool few(workers(), 8);
  for (std::uint32_t rank = 0; rank < 8; ++rank) CHECK(few.mail.expect<GetState>(daemon_of(rank)).request == 20);
  few.mail.expect_nothing_else();
  Tool many(workers(), 10);
  CHECK(members_of(many, daemon_of(0)) == Ranks{1, 2, 3});
  CHECK(members_of(many, daemon_of(4)) == Ranks{5, 6, 7});
  CHECK(members_of(many, daemon_of(8)) == Ranks{9});
  many.mail.expect_nothing_else();
  CHECK(many.mail.learned(contact_of(daemon_of(8), NodeId(8))));
}

TEST_CASE("INQUIRY-2: blocks stay the same when nodes are dead, and the first that lives gathers") {
  Peers peers = peers_of(16);
  for (const std::size_t rank : {0, 5, 13, 14, 15}) peers.nodes[rank].alive = false;
  Tool tool(workers(), peers);
  CHECK(members_of(tool, daemon_of(1)) == Ranks{2, 3});
  CHECK(members_of(tool, daemon_of(4)) == Ranks{6, 7});
  CHECK(members_of(tool, daemon_of(8)) == Ranks{9, 10, 11});
  tool.mail.expect<GetState>(daemon_of(12));  // nobody is left for it to ask
  tool.mail.expect_nothing_else();
}

TEST_CASE("INQUIRY-2: nobody asks more than a few hundred others where there are 10,000") {
  Tool tool(workers(), 10'000);
  for (std::uint32_t block = 0; block < 100; ++block) CHECK(members_of(tool, daemon_of(100 * block)).size() == 99);
  tool.mail.expect_nothing_else();
}

TEST_CASE("INQUIRY-4: who cannot know is not asked") {
  GetState there = workers();
  there.filters = {{"node", FilterOp::kEqual, "n9", 9, false}};
  Tool one(there);
  one.mail.expect<GetState>(daemon_of(9));
  one.mail.expect_nothing_else();
  Tool named(tasks("id=" + to_string(kDriver) + "-7"));
  named.mail.expect<GetState>(kDriver);
  named.mail.expect_nothing_else();
  Tool other(tasks("id=" + to_string(ProcessId(0x9001)) + "-7"));  // no driver's: a worker's
  for (const std::uint32_t rank : {0, 4, 8, 12}) other.mail.expect<GatherState>(daemon_of(rank));
  other.mail.expect_nothing_else();
  GetState nodes = workers();
  nodes.kind = StateKind::kNodes;
  Tool head(nodes);
  head.mail.expect<GetState>(kHead);
  head.mail.expect_nothing_else();
}

TEST_CASE("INQUIRY-5: rows stand in the order of drivers and ranks, whenever they come") {
  Tool tool(tasks(), 9);
  tool.answer(daemon_of(6), 20, {"g", "h"});
  tool.answer(kOtherDriver, 20, {"b"});
  tool.answer(daemon_of(0), 20, {"c", "d"});
  tool.answer(kDriver, 20, {"a"});
  CHECK_FALSE(tool.is_over());
  tool.answer(daemon_of(3), 20, {"e", "f"}, {"worker 7 on n4"});
  CHECK(tool.is_over());
  CHECK(tool.names() == "a b c d e f g h ");
  CHECK(tool.found.total == 8);
  CHECK(tool.found.silent == std::vector<std::string>{"worker 7 on n4"});
}

TEST_CASE("INQUIRY-3: a gatherer that is lost hides nobody") {
  Tool tool(workers(), 16);
  tool.mail.drop_all();
  tool.lose(daemon_of(4));
  CHECK_FALSE(tool.is_over());
  for (const std::uint32_t rank : {5, 6, 7}) CHECK(tool.mail.expect<GetState>(daemon_of(rank)).request == 21);
  tool.mail.expect_nothing_else();
  for (const std::uint32_t rank : {0, 8, 12}) tool.answer(daemon_of(rank), 20, {"n" + std::to_string(rank)});
  for (const std::uint32_t rank : {7, 6, 5}) tool.answer(daemon_of(rank), 21, {"n" + std::to_string(rank)});
  CHECK(tool.is_over());
  CHECK(tool.names() == "n0 n5 n6 n7 n8 n12 ");
  CHECK(tool.found.silent == std::vector<std::string>{"the daemon of node n4"});
}

TEST_CASE("INQUIRY-3: a gatherer that is late hides nobody, and is alone in being silent") {
  Tool tool(workers(), 16);
  tool.mail.drop_all();
  for (const std::uint32_t rank : {0, 8, 12}) tool.answer(daemon_of(rank), 20, {"n" + std::to_string(rank)});
  tool.wait();
  CHECK(tool.now == Time() + std::chrono::milliseconds(100'750));
  for (const std::uint32_t rank : {4, 5, 6, 7}) CHECK(tool.mail.expect<GetState>(daemon_of(rank)).request == 21);
  tool.mail.expect_nothing_else();
  for (const std::uint32_t rank : {5, 6, 7}) tool.answer(daemon_of(rank), 21, {"n" + std::to_string(rank)});
  CHECK_FALSE(tool.is_over());
  tool.wait();
  CHECK(tool.is_over());
  CHECK(tool.now == Time() + std::chrono::seconds(101));
  CHECK(tool.names() == "n0 n5 n6 n7 n8 n12 ");
  CHECK(tool.found.silent == std::vector<std::string>{"the daemon of node n4"});
  CHECK(tool.inquiry.poor() == std::set{daemon_of(4)});
}

TEST_CASE("INQUIRY-3: what a gatherer says too late does not count twice") {
  Tool tool(workers(), 9);
  tool.answer(daemon_of(0), 20, {"a"});
  tool.answer(daemon_of(6), 20, {"z"});
  tool.wait();
  tool.answer(daemon_of(4), 21, {"e"});
  tool.answer(daemon_of(3), 20, {"d", "e", "f"});
  tool.answer(daemon_of(3), 21, {"d"});
  tool.answer(daemon_of(5), 21, {"f"});
  CHECK(tool.is_over());
  CHECK(tool.names() == "a d e f z ");
  CHECK(tool.found.total == 5);
  CHECK(tool.found.silent.empty());
}

TEST_CASE("INQUIRY-3: who refuses to gather is asked itself, and so are the others of its block") {
  Tool tool(workers(), 9);
  tool.mail.drop_all();
  StateReport refusal;
  refusal.request = 20;
  refusal.refused = true;
  tool.say(daemon_of(3), refusal);
  for (const std::uint32_t rank : {3, 4, 5}) tool.mail.expect<GetState>(daemon_of(rank));
  tool.say(daemon_of(3), refusal);  // once
  tool.mail.expect_nothing_else();
}

TEST_CASE("INQUIRY-2: who has failed to gather is a member afterwards, or asked itself") {
  Tool tool(workers(), 16, {daemon_of(4), daemon_of(12), daemon_of(13), daemon_of(14), daemon_of(15)});
  CHECK(members_of(tool, daemon_of(0)) == Ranks{1, 2, 3});
  CHECK(members_of(tool, daemon_of(5)) == Ranks{4, 6, 7});
  CHECK(members_of(tool, daemon_of(8)) == Ranks{9, 10, 11});
  for (const std::uint32_t rank : {12, 13, 14, 15}) tool.mail.expect<GetState>(daemon_of(rank));
  tool.mail.expect_nothing_else();
  tool.answer(daemon_of(0), 20, {"a"});
  tool.answer(daemon_of(8), 20, {"c"});
  tool.answer(daemon_of(5), 20, {"b"});
  CHECK(tool.names() == "a b c ");
}

TEST_CASE("INQUIRY-1: who answers to nobody is named when the patience is over") {
  Tool tool(workers(), 2);
  tool.answer(daemon_of(1), 20, {"b"});
  CHECK_FALSE(tool.is_over());
  tool.wait();
  CHECK(tool.is_over());
  CHECK(tool.names() == "b ");
  CHECK(tool.found.silent == std::vector<std::string>{"the daemon of node n0"});
  Tool none(workers(), 0);
  CHECK(none.is_over());
}

}  // namespace Atoll
