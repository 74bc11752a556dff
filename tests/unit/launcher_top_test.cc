#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "launcher/top_view.h"
#include "runtime/state/cells.h"

namespace Atoll {
namespace {

using Cells = std::map<std::string, StateCell>;

// The answer to one of atoll top's questions.
StateTable table_of(std::size_t question, const std::vector<Cells>& rows) {
  const Result<ListRequest> request = make_list_request(top_questions().at(question));
  REQUIRE(request.ok());
  StateTable table;
  table.kind = request->question.kind;
  table.columns = request->shown;
  for (const Cells& cells : rows) {
    StateRow row;
    for (const StateColumn* column : table.columns) row.cells.push_back(cells.contains(column->key) ? cells.at(column->key) : StateCell());
    table.rows.push_back(row);
  }
  return table;
}

Cells node(const std::string& name, double cpu, double cpu_free) {
  return {{"node", cell_of(name)},        {"state", cell_of("alive")},          {"cpu", cell_of(cpu)},
          {"cpu_free", cell_of(cpu_free)}, {"gpu", cell_of(8)},                  {"gpu_free", cell_of(5.5)},
          {"memory", cell_of(double(std::uint64_t{8} << 30))},  {"object_memory", cell_of(1 << 30)}, {"object_memory_used", cell_of(1 << 29)},
          {"waiting", cell_of(2)},         {"objects_waiting", cell_of(1)}};
}

Cells worker(const std::string& id, const std::string& where, double cpu_seconds, double age, const std::string& actor = "") {
  return {{"id", cell_of(id)},          {"node", cell_of(where)}, {"pid", cell_of(4711)}, {"state", cell_of("working")},
          {"work", cell_of("leased for tasks")}, {"cpu_seconds", cell_of(cpu_seconds)}, {"seconds", cell_of(age)},
          {"memory", cell_of(1 << 20)}, {"actor", text_or_none(actor)}};
}

TopLook look_at(double taken, double of_a, double of_b) {
  TopLook look;
  look.taken = taken;
  look.nodes = table_of(0, {node("n1", 4, 1), node("n2", 2, 2), {{"node", cell_of("n3")}, {"state", cell_of("dead")}, {"cpu", cell_of(4)}}});
  look.workers = table_of(1, {worker("a", "n1", of_a, 100), worker("b", "n2", of_b, 100, "d-1")});
  look.actors = table_of(2, {{{"id", cell_of("d-1")}, {"name", cell_of("tally")}, {"class", cell_of("Counter")}, {"restarts", cell_of(2)}}});
  look.requests = table_of(3, {{{"count", cell_of(3)}}, {{"count", cell_of(4)}}});
  return look;
}

TopData data() {
  const TopLook before = look_at(10, 5, 7);
  return make_top("reef", look_at(12, 7, 10), &before);
}

std::string text_of(const std::vector<TopLine>& lines) {
  std::string text;
  for (const TopLine& line : lines) text += line.text + "\n";
  return text;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("top: what was used is of the time between two looks, by process and by node") {
  const TopData top = data();
  REQUIRE(top.processes.size() == 2);
  CHECK(top.processes[0].cpu_used == doctest::Approx(1));
  CHECK(top.processes[1].cpu_used == doctest::Approx(1.5));
  CHECK(top.nodes.at(0).cpu_used == doctest::Approx(1));
  CHECK(top.nodes.at(1).cpu_used == doctest::Approx(1.5));
  CHECK(top.nodes.at(0).memory_used == 1 << 20);
  CHECK(top.nodes.at(0).cpu_held == 3);
  CHECK(top.nodes.at(0).waiting == 3);
  CHECK(top.requests == 7);
  CHECK(top.processes[1].work == "actor Counter tally");
  CHECK(top.processes[1].restarts == 2);
}

TEST_CASE("top: in the first look, and of a worker that is new, it is of the worker's life") {
  CHECK(make_top("reef", look_at(12, 50, 10), nullptr).processes[0].cpu_used == doctest::Approx(0.5));
  TopLook before = look_at(10, 5, 7);
  before.workers.rows.clear();
  CHECK(make_top("reef", look_at(12, 50, 10), &before).processes[0].cpu_used == doctest::Approx(0.5));
  before = look_at(12, 5, 7);  // no time has passed
  CHECK(make_top("reef", look_at(12, 50, 10), &before).processes[0].cpu_used == doctest::Approx(0.5));
}

TEST_CASE("top: a frame of 80 columns says it all") {
  TopView view;
  const std::vector<TopLine> lines = draw_top(data(), view, 80, 24);
  CHECK(lines.size() == 24);
  const std::string text = text_of(lines);
  CHECK(lines[0].text == "reef: 2 of 3 nodes, CPU 42%, GPU 5/16, 13 waiting");
  for (const char* part : {"NODE", "CPU%", "CPUS", "GPUS", "MEMORY", "OBJECTS", "QUEUE", "3/4", "2.5/8", "512 MiB/1 GiB", "dead",
                           "actor Counter tally", "leased for tasks", "4711", "1-2 of 2 processes by cpu"})
    CHECK_MESSAGE(has(text, part), part << " in\n" << text);
  CHECK(has(lines[2].text, "n3"));  // what is wrong is seen first
  CHECK(lines[2].style == TopStyle::kDead);
  CHECK(text.find("n2 ") < text.find("n1 "));  // 75 % before 25 %
  CHECK(text.find("Counter") < text.find("leased"));
}

TEST_CASE("top: no frame is larger than its terminal, and there is one for every size") {
  TopData much = data();
  for (int i = 0; i < 500; ++i) {
    much.nodes.push_back(much.nodes[0]);
    much.processes.push_back(much.processes[1]);
    much.processes.back().work = "actor " + std::string(200, 'x') + "\n\x1b[2J";
  }
  much.warnings.assign(50, "the daemon of node n9 does not answer");
  for (const std::size_t width : {1, 2, 7, 20, 40, 79, 80, 200})
    for (const std::size_t height : {1, 2, 3, 5, 10, 24, 100}) {
      TopView view;
      view.first = 10'000;
      CAPTURE(width);
      CAPTURE(height);
      const std::vector<TopLine> lines = draw_top(much, view, width, height);
      CHECK(lines.size() == height);
      CHECK(view.first <= much.processes.size());
      for (const TopLine& line : lines) {
        CHECK(line.text.size() <= width);
        CHECK(line.text.find_first_of("\n\x1b") == std::string::npos);
      }
    }
  TopView view;
  const std::string small = text_of(draw_top(much, view, 40, 10));
  CHECK(has(small, "CPU%"));
  CHECK(has(small, "nodes that do less"));
  CHECK(has(small, "actor"));
}

TEST_CASE("top: a letter of several bytes takes one column and is not cut through") {
  TopData top = data();
  top.cluster = "Höhle";
  TopView view;
  CHECK(draw_top(top, view, 3, 2)[0].text == "Höh");
  CHECK(draw_top(top, view, 2, 2)[0].text == "Hö");
}

TEST_CASE("top: keys choose order, filter, place and help") {
  TopView view;
  CHECK(take_key(view, TopKey::kOther, 'q'));
  CHECK(take_key(view, TopKey::kInterrupt));
  for (const TopSort expected : {TopSort::kMemory, TopSort::kWork, TopSort::kNode, TopSort::kCpu}) {
    CHECK_FALSE(take_key(view, TopKey::kOther, 's'));
    CHECK(view.sort == expected);
  }
  take_key(view, TopKey::kOther, '/');
  for (const char letter : {'q', 'u', 'x'}) CHECK_FALSE(take_key(view, TopKey::kOther, letter));
  take_key(view, TopKey::kErase);
  CHECK(has(text_of(draw_top(data(), view, 80, 24)), "only: qu_"));
  CHECK(view.filter.empty());
  take_key(view, TopKey::kEnter);
  CHECK(view.filter == "qu");
  take_key(view, TopKey::kEscape);
  CHECK(view.filter.empty());
  take_key(view, TopKey::kOther, 'h');
  CHECK(has(text_of(draw_top(data(), view, 80, 24)), "page down"));
  CHECK(draw_top(data(), view, 80, 4).size() == 4);
  take_key(view, TopKey::kOther, '?');
  CHECK_FALSE(view.helping);
  take_key(view, TopKey::kUp);
  CHECK(view.first == 0);
  take_key(view, TopKey::kDown);
  take_key(view, TopKey::kPageDown);
  CHECK(view.first == 11);
  take_key(view, TopKey::kPageUp);
  CHECK(view.first == 1);
  draw_top(data(), view, 80, 24);  // all fit
  CHECK(view.first == 0);
}

TEST_CASE("top: a filter leaves what has the word, and all nodes if none has it") {
  TopView view;
  view.filter = "Counter";
  std::string text = text_of(draw_top(data(), view, 80, 24));
  CHECK(has(text, "only Counter"));
  CHECK_FALSE(has(text, "leased for tasks"));
  CHECK(has(text, "n1"));
  view.filter = "n1";
  text = text_of(draw_top(data(), view, 80, 24));
  CHECK(has(text, "leased for tasks"));
  CHECK_FALSE(has(text, "n2"));
  view.filter = "";
  view.sort = TopSort::kNode;
  text = text_of(draw_top(data(), view, 80, 24));
  CHECK(text.find("leased") < text.find("Counter"));
  CHECK(parse_top_sort("memory").value() == TopSort::kMemory);
  CHECK(has(parse_top_sort("size").status().message(), "cpu, memory, work and node"));
}

TEST_CASE("top: without a height all is printed, and the last line is no help for keys") {
  TopData much = data();
  much.processes.resize(200, much.processes[0]);
  TopView view;
  const std::vector<TopLine> lines = draw_top(much, view, 80, 0);
  CHECK(lines.size() == 1 + 1 + 3 + 1 + 200);
  CHECK_FALSE(has(text_of(lines), "q quit"));
}

TEST_CASE("top: the JSON has the keys of the man page") {
  const nlohmann::json json = nlohmann::json::parse(top_to_json(data()));
  CHECK(json["cluster"] == "reef");
  CHECK(json["requests"] == 7);
  CHECK(json["nodes"][0]["cpu_used"] == 1.0);
  CHECK(json["nodes"][0].size() == 15);
  CHECK(json["processes"][1]["work"] == "actor Counter tally");
  CHECK(json["processes"][1]["pid"] == 4711);
  CHECK(json["processes"][0].size() == 9);
  CHECK(json["warnings"].empty());
}

}  // namespace
}  // namespace Atoll
