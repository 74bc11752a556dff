#pragma once

#include <cstdint>
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
class StateRows {
 public:
  explicit StateRows(const GetState& question);

  const GetState& question() const { return question_; }
  bool is_sorted() const { return !question_.sort.empty(); }
  // One more matches: whether its row, which sorts by `key`, is wanted. add() follows then.
  bool count(const StateCell& key);
  void add(StateCell key, StateRow row);
  void finish(StateReport& report);

 private:
  struct Entry {
    StateCell key;
    std::uint64_t arrival = 0;
    StateRow row;
  };
  // Whether `a` comes before `b`: what came first, of those alike.
  bool before(const Entry& a, const Entry& b) const;

  const GetState& question_;
  std::size_t limit_;
  std::uint64_t total_ = 0;
  std::vector<Entry> entries_;  // a heap with the last on top while there is a sort key
};

// One table's side of it.
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

  void offer(const Thing& thing) {
    for (const Test& test : tests_)
      if (!matches(value(test.get, thing), *test.filter)) return;
    StateCell key = value(sort_, thing);
    if (!rows_.count(key)) return;
    StateRow row;
    for (const Get get : columns_) row.cells.push_back(value(get, thing));
    rows_.add(std::move(key), std::move(row));
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
  static StateCell value(Get get, const Thing& thing) { return get == nullptr ? StateCell() : get(thing); }

  StateRows& rows_;
  std::span<const StateGetter<Thing>> getters_;
  std::vector<Get> columns_;
  std::vector<Test> tests_;
  Get sort_ = nullptr;
};

}  // namespace Atoll
