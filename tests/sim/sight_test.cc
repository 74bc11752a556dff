// How long those who know take to say what people ask of a large cluster: on the thread that works for everybody else, too.
#include <doctest/doctest.h>

#include <ctime>
#include <iostream>

#include "runtime/control/head.h"
#include "runtime/state/columns.h"
#include "runtime/wire/codec.h"
#include "tests/support/builders.h"
#include "tests/support/client_fixture.h"

namespace Atoll {
namespace {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

using namespace testing;

constexpr ProcessId kTool{0x7001};

std::vector<std::string> all_columns(StateKind kind) {
  std::vector<std::string> keys;
  for (const StateColumn& column : info_of(kind).columns) keys.emplace_back(column.key);
  return keys;
}

GetState question(StateKind kind, std::vector<StateFilter> filters, std::string sort, std::uint32_t limit) {
  return {1, kind, all_columns(kind), std::move(filters), std::move(sort), true, limit};
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// What `ask` answers, on its way to the tool and there; it may take a second of the processor.
template <typename Report, typename Ask>
Report answer_within_a_second(const char* what, Ask ask) {
  const double before = cpu_seconds();
  const Result<Message> arrived = decode(encode(ask()));
  const double took = cpu_seconds() - before;
  std::cout << what << ": " << took * 1e3 << " ms\n";
  CHECK_MESSAGE(took < 1, what);
  return std::get<Report>(arrived.value());
}

#endif

}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("sim_scale: a caller says within a second what is asked of its million queued tasks") {
  constexpr std::uint64_t kMillion = 1'000'000;
  Time now = Time() + std::chrono::seconds(1);
  ClientOutbox out;
  ClientCore core({contact_of(kDriver), contact_of(kHead), kDriver}, out);
  core.set_home(kHome);
  for (std::uint64_t i = 1; i <= kMillion; ++i) {
    core.submit(now, {{kDriver, i}, i % 1000 == 0 ? "rare" : "simulate", {}, {cpus(1)}, 3}, out);
    out.clear();
    now += std::chrono::microseconds(1);
  }
  const auto ask = [&](GetState asked) {
    core.on_message(now, kTool, std::move(asked), out);
    Message answer = std::move(out.letters.at(0).message);
    out.clear();
    return answer;
  };
  const StateReport first = answer_within_a_second<StateReport>("a hundred of a million tasks, the oldest first",
                                                   [&] { return ask(question(StateKind::kTasks, {}, "seconds", 100)); });
  CHECK(first.total == kMillion);
  CHECK(first.rows.size() == 100);
  const StateReport some = answer_within_a_second<StateReport>("the thousand tasks of one function", [&] {
    return ask(question(StateKind::kTasks, {{"function", FilterOp::kEqual, "rare", 0, false}}, "", 1000));
  });
  CHECK(some.total == 1000);
  const std::string id = to_string(TaskId{kDriver, 777'777});
  const StateReport one = answer_within_a_second<StateReport>("one task of a million, to explain it", [&] {
    return ask(question(StateKind::kTasks, {{"id", FilterOp::kEqual, id, 0, true}}, "", 10));
  });
  CHECK(one.total == 1);
}

TEST_CASE("sim_scale: the head says within a second what is asked of ten thousand nodes") {
  constexpr std::uint32_t kNodes = 10'000;
  Head head({"reef", contact_of(kHead), "n0", 1, kNodes}, Time());
  Outbox out;
  for (std::uint32_t rank = 0; rank < kNodes; ++rank) {
    NodeInfo info = node_info(rank, 128, 0);
    info.total.gpu = Fixed::whole(8);
    add_board(info, 8);
    head.on_message(Time(), daemon_of(rank), join_of(rank, info), out);
    out.clear();
  }
  const auto ask = [&](Message asked) {
    head.on_message(Time() + std::chrono::seconds(1), kTool, std::move(asked), out);
    Message answer = std::move(out.letters.at(0).message);
    out.clear();
    return answer;
  };
  const StateReport all = answer_within_a_second<StateReport>("ten thousand nodes with all that is known of them",
                                                 [&] { return ask(question(StateKind::kNodes, {}, "cpu_free", kMostRows)); });
  CHECK(all.rows.size() == kNodes);
  const StateReport one = answer_within_a_second<StateReport>("one node, to explain it", [&] {
    return ask(question(StateKind::kNodes, {{"node", FilterOp::kEqual, "", 4711, false}}, "", 10));
  });
  CHECK(one.total == 1);
  const auto status = answer_within_a_second<StatusReport>("atoll status of ten thousand nodes", [&] { return ask(GetStatus{}); });
  CHECK(status.nodes.size() == kNodes);
}
#endif

}  // namespace Atoll
