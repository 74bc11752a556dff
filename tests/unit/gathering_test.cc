// Answers of several processes to one question, made one.
#include <doctest/doctest.h>

#include "runtime/state/cells.h"
#include "runtime/state/gathering.h"

namespace Atoll {
namespace {

constexpr ProcessId kAnna{1}, kBert{2}, kCora{3};

GetState question_of(std::vector<std::string> columns, const std::string& sort, bool descending, std::uint32_t limit) {
  GetState question;
  question.request = 7;
  question.columns = std::move(columns);
  question.sort = sort;
  question.descending = descending;
  question.limit = limit;
  return question;
}

// "a 3": a row of a name and a size; "a -" has no size.
StateReport report_of(std::uint64_t request, const std::vector<std::string>& things) {
  StateReport report;
  report.request = request;
  report.total = things.size();
  for (const std::string& thing : things)
    report.rows.push_back(
        {{cell_of(thing.substr(0, 1)), thing[2] == '-' ? StateCell() : cell_of(std::stod(thing.substr(2)))}});
  return report;
}

std::string names_in(const StateReport& report) {
  std::string names;
  for (const StateRow& row : report.rows) names += row.cells.at(0).text;
  return names;
}

const std::vector<std::string> kAnnas = {"a 1", "b 5", "c -"}, kBerts = {"d 5", "e 9"}, kCoras = {"f 2"};

// What is left of all three, who answer in this order.
std::string gathered(const GetState& question, const std::vector<ProcessId>& order) {
  Gathering gathering(question);
  gathering.expect(9, kAnna, "anna", 0);
  gathering.expect(9, kBert, "bert", 1);
  gathering.expect(9, kCora, "cora", 2);
  for (const ProcessId who : order)
    CHECK(gathering.take(who, report_of(9, who == kAnna ? kAnnas : who == kBert ? kBerts : kCoras)));
  CHECK(gathering.complete());
  const StateReport report = gathering.finish();
  CHECK(report.request == 7);
  CHECK(report.total == 6);
  CHECK(report.silent.empty());
  return names_in(report);
}

}  // namespace

TEST_CASE("MERGED-1: rows of several answers are the first by the sort key, those alike in the order of places") {
  struct Case {
    const char* sort;
    bool descending;
    std::uint32_t limit;
    const char* names;
  };
  const Case cases[] = {{"", false, 100, "abcdef"}, {"", false, 4, "abcd"},        {"size", false, 100, "afbdec"},
                        {"size", false, 3, "afb"},  {"size", true, 100, "ebdfac"}, {"size", true, 2, "eb"},
                        {"size", true, 0, ""}};
  for (const Case& each : cases) {
    CAPTURE(each.sort);
    CAPTURE(each.limit);
    const GetState question = question_of({"name", "size"}, each.sort, each.descending, each.limit);
    for (const std::vector<ProcessId>& order :
         {std::vector{kAnna, kBert, kCora}, std::vector{kCora, kBert, kAnna}, std::vector{kBert, kAnna, kCora}})
      CHECK(gathered(question, order) == each.names);
  }
}

TEST_CASE("MERGED-2: rows are cut to the limit, and to what an answer may have, whatever comes") {
  const GetState two = question_of({"name"}, "", false, 2);
  MergedRows rows(two);
  for (std::size_t place = 100; place > 0; --place)
    rows.add(place, {{{cell_of(place)}}, {{cell_of(place + 0.5)}}, {{cell_of(0)}}});
  const std::vector<StateRow> first = rows.take();
  REQUIRE(first.size() == 2);
  CHECK(first[0].cells[0].number == 1);
  CHECK(first[1].cells[0].number == 1.5);
  const GetState all = question_of({"name"}, "name", true, 1'000'000);
  MergedRows many(all);
  for (std::size_t place = 0; place < 3; ++place) many.add(place, std::vector<StateRow>(kMostRows, {{cell_of(place)}}));
  const std::vector<StateRow> most = many.take();
  CHECK(most.size() == kMostRows);
  CHECK(most.back().cells[0].number == 2);
}

TEST_CASE("a sort key that is not shown is asked for, and left out of the answer") {
  Gathering gathering(question_of({"name"}, "size", true, 2));
  CHECK(gathering.question().columns == std::vector<std::string>{"name", "size"});
  gathering.expect(9, kAnna, "anna", 0);
  gathering.expect(9, kBert, "bert", 1);
  gathering.take(kAnna, report_of(9, kAnnas));
  gathering.take(kBert, report_of(9, kBerts));
  const StateReport report = gathering.finish();
  CHECK(names_in(report) == "eb");
  for (const StateRow& row : report.rows) CHECK(row.cells.size() == 1);
}

TEST_CASE("a row without the sort key's cell stands last") {
  Gathering gathering(question_of({"name", "size"}, "size", false, 10));
  StateReport report = report_of(9, kAnnas);
  report.rows[0].cells.resize(1);
  gathering.add(0, report);
  CHECK(names_in(gathering.finish()) == "bac");
}

TEST_CASE("GATHER-1: an answer counts once, of who was asked and under the number that was given last") {
  Gathering gathering(question_of({"name", "size"}, "", false, 10));
  gathering.expect(9, kAnna, "anna", 0);
  CHECK_FALSE(gathering.take(kBert, report_of(9, kBerts)));  // nobody asked
  CHECK_FALSE(gathering.take(kAnna, report_of(8, kAnnas)));  // of another question
  gathering.expect(10, kAnna, "anna", 0);
  CHECK_FALSE(gathering.take(kAnna, report_of(9, kAnnas)));  // it was asked anew
  CHECK(gathering.take(kAnna, report_of(10, kCoras)));
  CHECK_FALSE(gathering.take(kAnna, report_of(10, kCoras)));
  CHECK(names_in(gathering.finish()) == "f");
}

TEST_CASE("GATHER-2: totals and counts add up, of what had no room too") {
  Gathering gathering(question_of({"name", "size"}, "size", true, 1));
  gathering.expect(9, kAnna, "anna", 0);
  StateReport own = report_of(7, {"e 9"}), hers = report_of(9, kAnnas);
  own.total = 1000;
  own.finished = 5;
  hers.finished = 6;
  hers.failed = 2;
  gathering.add(1, own);
  gathering.take(kAnna, hers);
  const StateReport report = gathering.finish();
  CHECK(report.total == 1003);
  CHECK(report.finished == 11);
  CHECK(report.failed == 2);
  CHECK(names_in(report) == "e");
}

TEST_CASE("GATHER-3: who did not answer is named, and whom those name who answered") {
  Gathering gathering(question_of({"name", "size"}, "", false, 10));
  gathering.expect(9, kAnna, "anna", 0);
  gathering.expect(9, kBert, "bert", 1);
  gathering.expect(9, kCora, "cora", 2);
  StateReport hers = report_of(9, kAnnas);
  hers.silent = {"anna's worker"};
  gathering.take(kAnna, hers);
  gathering.lose(kBert);
  gathering.lose(kBert);
  CHECK_FALSE(gathering.take(kBert, report_of(9, kBerts)));
  CHECK_FALSE(gathering.complete());
  CHECK(gathering.expects(kCora));
  const StateReport report = gathering.finish();
  CHECK(report.silent == std::vector<std::string>{"anna's worker", "bert", "cora"});
  CHECK(report.total == 3);
}

}  // namespace Atoll
