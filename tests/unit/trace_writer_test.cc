// The trace that atoll timeline writes, held to the trace event format.

#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "runtime/timeline/lanes.h"
#include "runtime/timeline/trace_writer.h"

namespace {

using namespace Atoll;
using nlohmann::json;

constexpr std::uint64_t kDriver = 0xd, kWorker = 0xa;
const TraceNode kNode{0, "n1", ProcessId(0x1), {}};
const TraceNode kFar{1, "n2", ProcessId(0x2), {1'000'000, 50}};  // its clock is 1 ms ahead

TimelineRecord record(TimelineKind kind, std::uint64_t sequence, std::int64_t begin, std::int64_t end) {
  TimelineRecord made;
  made.kind = kind;
  made.process = kDriver;
  made.sequence = sequence;
  made.begin_ns = begin;
  made.end_ns = end;
  return made;
}

TimelineChunk chunk(std::uint64_t process, const char* role, const std::vector<std::pair<TimelineRecord, std::string>>& records) {
  TimelineRing ring(1'000);
  for (const auto& [each, name] : records) ring.add(each, name);
  TimelineChunk made;
  made.process = ProcessId(process);
  made.pid = process + 1'000;
  made.role = role;
  ring.take(made);
  return made;
}

struct Trace {
  std::ostringstream text;
  TraceWriter writer;
  explicit Trace(std::int64_t since = std::numeric_limits<std::int64_t>::min()) : writer(text, since) {
    writer.know(kNode);
    writer.know(kFar);
  }
  json finish() {
    writer.finish({"reef", "2026-11-30T08:00:00.000000Z", 1'000, 3, {"the daemon of node n3"}});
    json trace = json::parse(text.str());
    check(trace.at("traceEvents"));
    return trace;
  }

  // What holds of every trace.
  static void check(const json& events) {
    std::map<std::uint64_t, std::string> open;
    std::set<std::pair<int, int>> named;
    for (const json& event : events) {
      const std::string phase = event.at("ph");
      CHECK(event.at("pid").is_number_integer());
      CHECK(event.at("tid").is_number_integer());
      CHECK(event.at("name").is_string());
      if (phase == "M") {
        if (event.at("name") == "thread_name") named.emplace(event.at("pid"), event.at("tid"));
        continue;
      }
      CHECK(event.at("ts").is_number());
      if (phase == "X") {
        CHECK(event.at("dur") > 0);  // TRACE-2
        CHECK(named.contains({event.at("pid"), event.at("tid")}));
      } else if (phase == "s") {
        CHECK(open.emplace(event.at("id"), "s").second);
      } else if (phase == "f") {
        CHECK(event.at("bp") == "e");
        CHECK(open.erase(event.at("id")) == 1);  // TRACE-1
      } else {
        CHECK(phase == "C");
      }
      if (phase == "s" || phase == "f") CHECK(lies_in_slice(event, events));
    }
    CHECK(open.empty());
  }
  static bool lies_in_slice(const json& flow, const json& events) {
    const double at = flow.at("ts");
    for (const json& event : events)
      if (event.at("ph") == "X" && event.at("pid") == flow.at("pid") && event.at("tid") == flow.at("tid") &&
          event.at("ts") <= at &&
          at <= event.at("ts").get<double>() + event.at("dur").get<double>() + 1e-6)
        return true;
    return false;
  }
};

std::vector<json> all(const json& trace, const std::string& phase, const std::string& category = "") {
  std::vector<json> found;
  for (const json& event : trace.at("traceEvents"))
    if (event.at("ph") == phase && (category.empty() || event.value("cat", "") == category)) found.push_back(event);
  return found;
}

}  // namespace

TEST_CASE("a trace without anything is a trace") {
  Trace trace;
  const json written = trace.finish();
  CHECK(written.at("traceEvents").empty());
  CHECK(written.at("displayTimeUnit") == "ms");
}

TEST_CASE("TRACE-1 a task has a slice where it was submitted, where it ran and where it was got, and arrows between them") {
  Trace trace;
  trace.writer.add(kNode, chunk(kDriver, "driver",
                                {{record(TimelineKind::kSubmit, 7, 1'000, 1'500), "square"},
                                 {record(TimelineKind::kGet, 7, 2'000, 9'000), "get"}}));
  TimelineRecord run = record(TimelineKind::kTask, 7, 1'004'000, 1'008'250);
  run.queued_ns = 1'003'000;
  run.peer = kDriver;
  run.depth = 2;
  trace.writer.add(kFar, chunk(kWorker, "worker", {{run, "square"}}));
  const json written = trace.finish();
  const json task = all(written, "X", "task").at(0);
  CHECK(task.at("name") == "square");
  CHECK(task.at("pid") == 2);
  CHECK(task.at("ts") == doctest::Approx(4.0));
  CHECK(task.at("dur") == doctest::Approx(4.25));
  CHECK(task.at("args").at("id") == to_string(kDriver, 7));
  CHECK(task.at("args").at("queued_us") == doctest::Approx(1.0));
  CHECK(task.at("args").at("depth") == 2);
  CHECK(all(written, "X", "submit").at(0).at("name") == "submit square");
  const std::vector<json> begins = all(written, "s"), ends = all(written, "f");
  REQUIRE(begins.size() == 2);
  CHECK(begins[0].at("name") == "submit");
  CHECK(ends[0].at("ts") == task.at("ts"));
  CHECK(begins[1].at("name") == "result");
  CHECK(begins[1].at("ts") == doctest::Approx(8.249));
  CHECK(ends[1].at("ts") == doctest::Approx(8.999));
}

TEST_CASE("an arrow that would go back in time is left out, and one whose other end is not there") {
  Trace trace;
  trace.writer.add(kNode, chunk(kDriver, "driver",
                                {{record(TimelineKind::kSubmit, 7, 5'000, 5'500), "f"},
                                 {record(TimelineKind::kSubmit, 8, 5'000, 5'500), "f"},
                                 {record(TimelineKind::kGet, 9, 5'000, 5'500), "get"}}));
  trace.writer.add(kNode, chunk(kWorker, "worker", {{record(TimelineKind::kTask, 7, 4'000, 6'000), "f"}}));
  const json written = trace.finish();
  CHECK(all(written, "s").empty());
  CHECK(all(written, "f").empty());
  CHECK(written.at("otherData").at("arrows_left_out") == 1);
}

TEST_CASE("TRACE-2 what took no time, or less, has a length") {
  Trace trace;
  trace.writer.add(kNode, chunk(kWorker, "worker",
                                {{record(TimelineKind::kTask, 1, 5'000, 5'000), "f"},
                                 {record(TimelineKind::kTask, 2, 5'000, 4'000), "f"}}));
  CHECK(all(trace.finish(), "X").size() == 2);
}

TEST_CASE("TRACE-3 a name may have any bytes") {
  Trace trace;
  const std::string names[] = {"operator\"<<", "a\\b", "line\nbreak", std::string("nul\0", 4), "\xff\xfe", "größe"};
  std::vector<std::pair<TimelineRecord, std::string>> records;
  for (const std::string& name : names) records.emplace_back(record(TimelineKind::kTask, records.size(), 0, 10), name);
  records.emplace_back(record(TimelineKind::kTask, 99, 0, 10), "gone");
  TimelineChunk made = chunk(kWorker, "actor \"x\"", records);
  made.names.pop_back();
  trace.writer.add(kNode, made);
  const std::vector<json> slices = all(trace.finish(), "X");
  REQUIRE(slices.size() == 7);
  CHECK(slices[0].at("name") == names[0]);
  CHECK(slices[2].at("name") == names[2]);
  CHECK(slices[3].at("name") == names[3]);
  CHECK(slices[5].at("name") == names[5]);
  CHECK(slices[6].at("name") == "?");
}

TEST_CASE("a node is a process, a thread of a worker is a thread, and an actor is called by its class") {
  Trace trace;
  trace.writer.add(kNode, chunk(kWorker, "worker", {{record(TimelineKind::kTask, 1, 0, 10), "f"}}));
  TimelineRecord second = record(TimelineKind::kCall, 2, 0, 10);
  second.track = 1;
  TimelineRecord shared = record(TimelineKind::kCall, 3, 0, 10);
  shared.track = kCallTracks + 1;
  trace.writer.add(kNode, chunk(kWorker, "actor Keeper",
                                {{record(TimelineKind::kCall, 1, 20, 30), "f"}, {second, "f"}, {shared, "f"}}));
  TimelineChunk login = chunk(0xe, "driver", {{record(TimelineKind::kSubmit, 4, 0, 10), "f"}});
  login.is_elsewhere = true;
  login.to_daemon_ns = 500;
  trace.writer.add(kNode, login);
  std::map<std::string, std::string> names;
  const json written = trace.finish();
  for (const json& event : all(written, "M"))
    if (event.at("name") == "process_name" || event.at("name") == "thread_name")
      names[event.at("pid").dump() + "." + event.at("tid").dump()] = event.at("args").at("name");
  CHECK(names == std::map<std::string, std::string>{{"1.0", "node n1"},
                                                    {"1.1", "actor Keeper 1010"},
                                                    {"1.2", "actor Keeper 1010 #2"},
                                                    {"1.3", "actor Keeper 1010 calls #2"},
                                                    {"1000000.0", "driver 1014, on no node"},
                                                    {"1000000.4", "driver 1014"}});
  CHECK(all(written, "X", "submit").at(0).at("ts") == doctest::Approx(0.5));
}

TEST_CASE("transfers say whence and how much, counters have a value, and errors an outcome") {
  Trace trace;
  TimelineRecord transfer = record(TimelineKind::kTransfer, 0, 0, 10);
  transfer.process = 0;
  transfer.peer = 0x2;
  transfer.amount = 1 << 20;
  TimelineRecord counter = record(TimelineKind::kCounter, 0, 5, 5);
  counter.amount = 42;
  TimelineRecord failed = record(TimelineKind::kTask, 5, 0, 10);
  failed.outcome = TimelineOutcome::kFailed;
  trace.writer.add(kNode, chunk(0x1, "daemon", {{transfer, "transfer"}, {counter, "leases"}, {failed, "f"}}));
  const json written = trace.finish();
  CHECK(all(written, "X", "transfer").at(0).at("args") == json{{"bytes", 1 << 20}, {"from", "n2"}});
  CHECK(all(written, "C").at(0).at("args") == json{{"value", 42}});
  CHECK(all(written, "X", "task").at(0).at("args").at("outcome") == "failed");
}

TEST_CASE("the trace says of how many tasks it has some, and what is missing") {
  Trace trace(/*since=*/100);
  TimelineRecord one_of_eight = record(TimelineKind::kTask, 1, 200, 300);
  one_of_eight.weight = 3;
  trace.writer.add(kNode, chunk(kWorker, "worker",
                                {{one_of_eight, "f"},
                                 {record(TimelineKind::kTask, 2, 90, 110), "f"},
                                 {record(TimelineKind::kTask, 3, 10, 90), "f"}}));
  const json written = trace.finish();
  CHECK(all(written, "X").at(0).at("args").at("stands_for") == 8);
  const json about = written.at("otherData");
  CHECK(about.at("tasks_recorded") == 2);
  CHECK(about.at("tasks_about") == 9);
  CHECK(about.at("rate") == 1'000);
  CHECK(about.at("records_dropped") == 3);
  CHECK(about.at("missing") == json::array({"the daemon of node n3"}));
  CHECK(about.at("clocks").at(1) == json{{"node", "n2"}, {"offset_ns", 1'000'000}, {"error_ns", 50}});
}
