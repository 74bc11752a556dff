// atoll dashboard: what is made of the cluster's answers.
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <nlohmann/json.hpp>

#include "launcher/dashboard/dashboard_text.h"
#include "launcher/dashboard/question_thread.h"
#include "launcher/dashboard/summary.h"
#include "launcher/dashboard/task_history.h"
#include "runtime/state/cells.h"

namespace Atoll {
namespace {

using std::chrono::milliseconds;

StateTable nodes_table(std::vector<StateRow> rows) {
  const Result<ListRequest> request = make_list_request({"nodes", {}, "", kSummaryColumns, 100, true});
  REQUIRE(request.ok());
  StateTable table;
  table.columns = request->shown;
  table.rows = std::move(rows);
  return table;
}

// With half of its 4 CPUs free.
StateRow node_row(const char* state, double gpu, double gpu_free) {
  const bool alive = std::string(state) == "alive";
  const auto if_alive = [alive](double number) { return alive ? cell_of(number) : StateCell(); };
  return {{cell_of("n"), cell_of(state), cell_of(4.0), if_alive(2), cell_of(gpu), if_alive(gpu_free), cell_of(100.0),
           if_alive(75), if_alive(50), if_alive(10), if_alive(3), if_alive(1), if_alive(2)}};
}

}  // namespace

TEST_CASE("a summary adds up what lives, and says of each node how full it is") {
  const nlohmann::ordered_json summary = summarize_nodes(nodes_table(
      {node_row("alive", 8, 2), node_row("alive", 0, 0), node_row("dead", 8, 0), node_row("joining", 8, 0)}));
  CHECK(summary["nodes"] == nlohmann::ordered_json({{"alive", 2}, {"joining", 1}, {"dead", 1}}));
  CHECK(summary["cpu"] == nlohmann::ordered_json({{"total", 8.0}, {"free", 4.0}}));
  CHECK(summary["gpu"] == nlohmann::ordered_json({{"total", 8.0}, {"free", 2.0}}));
  CHECK(summary["memory"] == nlohmann::ordered_json({{"total", 200.0}, {"free", 150.0}}));
  CHECK(summary["object_memory"] == nlohmann::ordered_json({{"total", 100.0}, {"free", 80.0}}));
  CHECK(summary["workers"] == 6);
  CHECK(summary["actors"] == 2);
  CHECK(summary["waiting"] == 4);
  CHECK(summary["used"] == nlohmann::ordered_json({75, 50, nullptr, nullptr}));
}

TEST_CASE("HISTORY-1: a cluster that takes long to answer is asked less often") {
  TaskHistory history;
  Time at = Time() + std::chrono::seconds(10);
  CHECK(history.is_due(at));
  history.add(at, {at + milliseconds(10)});
  CHECK_FALSE(history.is_due(at + TaskHistory::kSampleEach - milliseconds(1)));
  CHECK(history.is_due(at + TaskHistory::kSampleEach));
  at += std::chrono::seconds(10);
  history.add(at, {at + std::chrono::seconds(1)});
  CHECK_FALSE(history.is_due(at + std::chrono::seconds(20)));
  CHECK(history.is_due(at + std::chrono::seconds(21)));
}

TEST_CASE("HISTORY-2: the oldest samples go") {
  TaskHistory history;
  for (std::size_t i = 0; i < TaskHistory::kMostSamples + 5; ++i)
    history.add(Time(), {Time() + std::chrono::seconds(i), 0, 0, 0, i, 0});
  CHECK(history.samples().size() == TaskHistory::kMostSamples);
  CHECK(history.samples().front().finished == 5);
  CHECK(history.samples().back().finished == TaskHistory::kMostSamples + 4);
}

TEST_CASE("QUESTIONS-1, QUESTIONS-2: all are answered, but only so many may wait") {
  std::promise<void> begun, go_on;
  std::atomic<int> asked = 0, answered = 0, refused = 0;
  const auto done = [&](const HttpReply& reply) { ++(reply.status == 200 ? answered : refused); };
  {
    QuestionThread questions([&](const DashboardQuestion&) {
      if (asked++ == 0) {
        begun.set_value();
        go_on.get_future().wait();
      }
      return HttpReply();
    });
    questions.ask({}, done);
    begun.get_future().wait();
    for (std::size_t i = 0; i < QuestionThread::kMostWaiting; ++i) questions.ask({}, done);
    CHECK(refused == 0);
    questions.ask({}, done);
    CHECK(refused == 1);
    go_on.set_value();
    questions.stop();
    questions.ask({}, done);
  }
  CHECK(answered == asked);
  CHECK(answered >= 1);
  CHECK(answered + refused == static_cast<int>(QuestionThread::kMostWaiting) + 3);
}

TEST_CASE("a person is told what to type on the own machine") {
  DashboardPlace place = {"reef", "n7", "login1", 8265, "/?token=abc"};
  CHECK(url_of(place) == "http://127.0.0.1:8265/?token=abc");
  CHECK(ssh_of(place) == "ssh -N -L 8265:127.0.0.1:8265 -J login1 n7");
  place.submitted = "n7";
  CHECK(ssh_of(place) == "ssh -N -L 8265:127.0.0.1:8265 n7");
  CHECK(place_to_text(place).find("  http://127.0.0.1:8265/?token=abc\n") != std::string::npos);
  const nlohmann::json json = nlohmann::json::parse(place_to_json(place));
  CHECK(json["url"] == url_of(place));
  CHECK(json["ssh"] == ssh_of(place));
  CHECK(json["port"] == 8265);
  CHECK(json["host"] == "n7");
  CHECK(json["cluster"] == "reef");
}

}  // namespace Atoll
