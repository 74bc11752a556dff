// What is listed: filters, cells and the rows of an answer.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/state/columns.h"
#include "runtime/state/rows.h"

namespace Atoll {

TEST_CASE("what is no count is the nearest there is") {
  CHECK(count_of(4711) == 4711);
  CHECK(count_of(-3) == 0);
  CHECK(count_of(std::nan("")) == 0);
  CHECK(count_of(std::numeric_limits<double>::infinity()) > 1e18);
  CHECK(count_of(-std::numeric_limits<double>::infinity()) == 0);
}

namespace {

struct Thing {
  std::string id;
  double size;
};
constexpr StateGetter<Thing> kGetters[] = {
    {"id", [](const Thing& thing) { return cell_of(thing.id); }},
    {"size", [](const Thing& thing) { return thing.size < 0 ? StateCell() : cell_of(thing.size); }},
};

GetState question_of(const std::string& sort, bool descending, std::uint32_t limit) {
  GetState question;
  question.request = 7;
  question.columns = {"id", "unheard_of"};
  question.sort = sort;
  question.descending = descending;
  question.limit = limit;
  return question;
}

void offer_all(StateRows& rows, const std::vector<Thing>& things) {
  StateQuery<Thing> query(rows, kGetters);
  for (const Thing& thing : things) query.offer(thing);
}

// The ids of an answer, and how many there are in all.
std::string answer_of(const GetState& question, const std::vector<Thing>& things) {
  StateRows rows(question);
  offer_all(rows, things);
  StateReport report;
  rows.finish(report);
  CHECK(report.request == 7);
  std::string text;
  for (const StateRow& row : report.rows) {
    REQUIRE(row.cells.size() == 2);
    CHECK(row.cells[1] == StateCell());  // STATE-3
    text += row.cells[0].text + " ";
  }
  return text + "of " + std::to_string(report.total);
}

StateFilter filter_of(StateKind kind, const std::string& text) {
  const Result<StateFilter> filter = parse_filter(kind, text);
  REQUIRE_MESSAGE(filter.ok(), filter.status().message());
  return *filter;
}

}  // namespace

TEST_CASE("STATE-1, STATE-2: an answer has the first rows there is room for, and counts all") {
  const std::vector<Thing> things = {{"b", 2}, {"d", 4}, {"x", -1}, {"a", 1}, {"c", 3}, {"e", 2}};
  CHECK(answer_of(question_of("", false, 3), things) == "b d x of 6");
  CHECK(answer_of(question_of("size", false, 3), things) == "a b e of 6");
  CHECK(answer_of(question_of("size", true, 3), things) == "d c b of 6");
  CHECK(answer_of(question_of("size", false, 10), things) == "a b e c d x of 6");
  CHECK(answer_of(question_of("size", true, 10), things) == "d c b e a x of 6");  // what is not known stands last
  CHECK(answer_of(question_of("size", true, 0), things) == "of 6");
  CHECK(answer_of(question_of("unheard_of", true, 2), things) == "b d of 6");
}

TEST_CASE("STATE-2: several tables add to one answer") {
  const GetState question = question_of("size", true, 3);
  StateRows rows(question);
  offer_all(rows, {{"b", 2}, {"d", 4}, {"a", 1}});
  offer_all(rows, {{"c", 3}, {"x", 0}, {"e", 5}});
  offer_all(rows, {});
  StateReport report;
  rows.finish(report);
  REQUIRE(report.rows.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(report.rows[i].cells[0].text == std::string(1, "edc"[i]));
  CHECK(report.total == 6);
}

TEST_CASE("STATE-4: of what is not in the answer no row is made") {
  struct Counted {
    int size;
    int* made;
  };
  static constexpr StateGetter<Counted> kCounting[] = {
      {"id", [](const Counted& each) { return cell_of(++*each.made); }},
      {"size", [](const Counted& each) { return cell_of(each.size); }},
  };
  int made = 0;
  const GetState question = question_of("size", true, 3);
  StateRows rows(question);
  {
    StateQuery<Counted> query(rows, kCounting);
    for (int size = 0; size < 100; ++size) query.offer({size, &made});  // each before all that came before it
  }
  CHECK(made == 3);
}

TEST_CASE("STATE-1: whoever asks for all gets as many as an answer may have") {
  const std::vector<Thing> many(kMostRows + 5, {"a", 1});
  GetState question = question_of("", false, std::numeric_limits<std::uint32_t>::max());
  StateRows rows(question);
  offer_all(rows, many);
  StateReport report;
  rows.finish(report);
  CHECK(report.rows.size() == kMostRows);
  CHECK(report.total == kMostRows + 5);
}

TEST_CASE("all filters of a question hold, on cells that are not shown too") {
  GetState question = question_of("", false, 10);
  question.filters = {{"size", FilterOp::kAtLeast, "", 2, false}, {"id", FilterOp::kNotEqual, "c", 0, false}};
  CHECK(answer_of(question, {{"a", 1}, {"b", 2}, {"c", 3}, {"d", -1}, {"e", 4}}) == "b e of 2");
}

TEST_CASE("a filter is a key, a comparison and a value of the key's kind") {
  struct Row {
    const char* text;
    FilterOp op;
    double number;
  };
  const Row rows[] = {{"memory>=2GiB", FilterOp::kAtLeast, 2147483648.0},
                      {"memory<1.5 k", FilterOp::kLess, 1536},
                      {"seconds>5min", FilterOp::kMore, 300},
                      {"seconds<=2h", FilterOp::kAtMost, 7200},
                      {"cpu!=0.5", FilterOp::kNotEqual, 0.5},
                      {"pid=4711", FilterOp::kEqual, 4711}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const StateFilter filter = filter_of(StateKind::kNodes, row.text);
    CHECK(filter.op == row.op);
    CHECK(filter.number == doctest::Approx(row.number));
  }
  CHECK(filter_of(StateKind::kActors, "detached=yes").number == 1);
  CHECK(filter_of(StateKind::kActors, "name~a=b").text == "a=b");
  CHECK(filter_of(StateKind::kActors, "id=4f1c").is_id);
}

TEST_CASE("a filter that makes no sense is refused in words") {
  struct Row {
    const char* text;
    const char* words;
  };
  const Row rows[] = {{"alive", "has no comparison"},
                      {"=alive", "has no comparison"},
                      {"colour=red", "nodes have no \"colour\", but node, state"},
                      {"cpu=many", "not a number"},
                      {"memory>2 parsecs", "such as 2GiB"},
                      {"seconds>soon", "such as 5min"},
                      {"cpu~4", "what a number contains"},
                      {"state!alive", "no comparison that is known"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<StateFilter> filter = parse_filter(StateKind::kNodes, row.text);
    REQUIRE_FALSE(filter.ok());
    CHECK(filter.status().code() == Code::kInvalidArgument);
    CHECK_MESSAGE(filter.status().message().find(row.words) != std::string::npos, filter.status().message());
  }
}

TEST_CASE("cells pass filters by what they are") {
  const StateFilter equal{"", FilterOp::kEqual, "b", 2, false}, differs{"", FilterOp::kNotEqual, "b", 2, false};
  CHECK(matches(cell_of(2), equal));
  CHECK_FALSE(matches(cell_of(3), equal));
  CHECK(matches(cell_of("b"), equal));
  CHECK_FALSE(matches(cell_of("bb"), equal));
  CHECK(matches(cell_of(std::vector<std::string>{"a", "b"}), equal));
  CHECK_FALSE(matches(cell_of(std::vector<std::string>{"a", "b"}), differs));
  CHECK(matches(cell_of(std::vector<std::string>{}), differs));
  CHECK_FALSE(matches(StateCell(), equal));
  CHECK(matches(StateCell(), differs));
  const StateFilter words{"", FilterOp::kContains, "ee", std::nan(""), false};
  CHECK(matches(cell_of("reef"), words));
  CHECK_FALSE(matches(cell_of("rock"), words));
}

TEST_CASE("an id may be cut short, before its number") {
  CHECK(is_id_of("4f1c", "4f1c09aa71b2e690"));
  CHECK(is_id_of("4f1c", "4f1c09aa71b2e690-12"));
  CHECK(is_id_of("4f1c-12", "4f1c09aa71b2e690-12"));
  CHECK_FALSE(is_id_of("4f1c-1", "4f1c09aa71b2e690-12"));
  CHECK_FALSE(is_id_of("4f1d-12", "4f1c09aa71b2e690-12"));
  CHECK_FALSE(is_id_of("-12", "4f1c09aa71b2e690-12"));
  CHECK_FALSE(is_id_of("", "4f1c09aa71b2e690"));
  CHECK_FALSE(is_id_of("4f1c-12", "4f1c09aa71b2e690"));
}

TEST_CASE("a filter may have several texts: any will do") {
  StateFilter any{"id", FilterOp::kEqual, "4f1c", 0, true, {"77-1", "88"}};
  CHECK(matches(cell_of("4f1c09aa71b2e690"), any));
  CHECK(matches(cell_of("7700000000000000-1"), any));
  CHECK_FALSE(matches(cell_of("7700000000000000-2"), any));
  CHECK_FALSE(matches(cell_of("99"), any));
  CHECK(matches(cell_of(std::vector<std::string>{"99", "88"}), any));
  any.is_id = false;
  CHECK(matches(cell_of("88"), any));
  CHECK_FALSE(matches(cell_of("880"), any));
}

TEST_CASE("cells have an order, also those that are no numbers, and what is not known stands last either way") {
  const double nan = std::nan("");
  CHECK(compare(cell_of(nan), cell_of(nan)) == 0);
  CHECK(compare(cell_of(nan), cell_of(1)) == -compare(cell_of(1), cell_of(nan)));
  CHECK(compare(cell_of(nan), cell_of(1)) == compare(cell_of(nan), cell_of(2)));
  CHECK(compare(cell_of(0.0), cell_of(-0.0)) == 0);
  for (const bool descending : {false, true}) {
    GetState question;
    question.descending = descending;
    CHECK(compare_by(question, cell_of(1), cell_of(2)) == (descending ? 1 : -1));
    CHECK(compare_by(question, cell_of(1), StateCell()) == -1);
    CHECK(compare_by(question, StateCell(), cell_of(1)) == 1);
  }
}

TEST_CASE("every kind has keys of its own, and shows some of them") {
  for (const StateKindInfo& info : state_kinds()) {
    CAPTURE(info.name);
    CHECK(info_of(info.kind).name == info.name);
    const Result<StateKind> parsed = parse_state_kind(info.name);
    REQUIRE(parsed.ok());
    CHECK(*parsed == info.kind);
    std::vector<std::string> keys;
    for (const StateColumn& column : info.columns) {
      CHECK(std::ranges::find(keys, column.key) == keys.end());
      keys.push_back(column.key);
    }
    std::string shown(info.shown), key;
    for (const char letter : shown + " ") {
      if (letter != ' ') {
        key += letter;
        continue;
      }
      CHECK_MESSAGE(std::ranges::find(keys, key) != keys.end(), key);
      key.clear();
    }
  }
  CHECK(parse_state_kind("fish").status().message().find("nodes, workers, actors") != std::string::npos);
}

}  // namespace Atoll
