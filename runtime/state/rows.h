#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "runtime/state/cells.h"

namespace Atoll {

// How a table's things answer for one column. Only what a question names is ever called.
template <typename Thing>
struct StateGetter {
  const char* key;
  StateCell (*get)(const Thing&);
};

// The rows of an answer: of all that match, the first that there is room for. Several tables may add to it.
//
// STATE-1 an answer has no more rows than the question and kMostRows allow, and counts all that match
// STATE-2 with a sort key the rows are the first by it, whichever order they are offered in
// STATE-3 a key that a table does not know is a cell without a value
// STATE-4 only of rows that are in the answer is more made than their sort key
class StateRows {
 public:
  explicit StateRows(const GetState& question);

  const GetState& question() const { return question_; }
  bool is_sorted() const { return !question_.sort.empty(); }
  // One more matches, and sorts by `key`: the place that its row has as long as no other is given it; none if it is not wanted.
  std::optional<std::size_t> add(StateCell key);
  // Of what was added only what is wanted now keeps its place.
  void settle();
  bool has(std::size_t place) const { return taken_[place]; }
  StateRow& row(std::size_t place) { return rows_[place]; }
  void finish(StateReport& report);

 private:
  struct Entry {
    StateCell key;
    std::uint64_t arrival = 0;
    std::size_t place = 0;
  };
  // Whether `a` comes before `b`: what came first, of those alike.
  bool before(const Entry& a, const Entry& b) const;

  const GetState& question_;
  std::size_t limit_;
  std::uint64_t total_ = 0;
  std::vector<Entry> entries_;     // with a sort key up to twice as many as are wanted, so that few are ever put in order
  std::optional<Entry> last_;      // of those that were wanted when that was looked at last
  std::vector<StateRow> rows_;     // by place
  std::vector<bool> taken_;        // by place
  std::vector<std::size_t> free_;  // places
};

// One table's side of it. What it was offered must be there until it is gone: then it makes the rows.
template <typename Thing>
class StateQuery {
 public:
  using Get = StateCell (*)(const Thing&);

  StateQuery(StateRows& rows, std::span<const StateGetter<Thing>> getters) : rows_(rows), getters_(getters) {
    const GetState& question = rows.question();
    for (const std::string& key : question.columns) columns_.push_back(find(key));
    for (const StateFilter& filter : question.filters) tests_.push_back({&filter, find(filter.key)});
    if (rows.is_sorted()) sort_ = find(question.sort);
  }
  ~StateQuery() {
    rows_.settle();
    for (std::size_t place = 0; place < wanted_.size(); ++place)
      if (wanted_[place] && rows_.has(place)) fill(rows_.row(place), *wanted_[place]);
  }
  StateQuery(const StateQuery&) = delete;
  StateQuery& operator=(const StateQuery&) = delete;

  void offer(const Thing& thing) {
    for (const Test& test : tests_)
      if (!matches(value(test.get, thing), *test.filter)) return;
    const std::optional<std::size_t> place = rows_.add(value(sort_, thing));
    if (!place) return;
    if (wanted_.size() <= *place) wanted_.resize(*place + 1);
    wanted_[*place].emplace(thing);
  }

 private:
  struct Test {
    const StateFilter* filter;
    Get get;
  };
  Get find(const std::string& key) const {
    for (const StateGetter<Thing>& getter : getters_)
      if (key == getter.key) return getter.get;
    return nullptr;
  }
  void fill(StateRow& row, const Thing& thing) const {
    row.cells.clear();
    for (const Get get : columns_) row.cells.push_back(value(get, thing));
  }
  static StateCell value(Get get, const Thing& thing) { return get == nullptr ? StateCell() : get(thing); }

  StateRows& rows_;
  std::span<const StateGetter<Thing>> getters_;
  std::vector<Get> columns_;
  std::vector<Test> tests_;
  Get sort_ = nullptr;
  std::vector<std::optional<Thing>> wanted_;  // by place
};

}  // namespace Atoll
