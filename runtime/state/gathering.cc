#include "runtime/state/gathering.h"

#include <algorithm>
#include <utility>

namespace Atoll {

GetState with_sort_column(GetState question) {
  if (!question.sort.empty() && std::ranges::find(question.columns, question.sort) == question.columns.end())
    question.columns.push_back(question.sort);
  return question;
}

Gathering::Gathering(const GetState& question)
    : columns_(question.columns.size()), question_(with_sort_column(question)), rows_(question_) {
  sum_.request = question.request;
}

void Gathering::expect(std::uint64_t request, ProcessId who, std::string words, std::size_t place) {
  expected_[who] = {request, std::move(words), place};
}

void Gathering::add(std::size_t place, StateReport report) {
  sum_.total += report.total;
  sum_.finished += report.finished;
  sum_.failed += report.failed;
  std::ranges::move(report.silent, std::back_inserter(sum_.silent));
  rows_.add(place, std::move(report.rows));
}

bool Gathering::take(ProcessId from, StateReport report) {
  const auto expected = expected_.find(from);
  if (expected == expected_.end() || expected->second.request != report.request) return false;
  const std::size_t place = expected->second.place;
  expected_.erase(expected);
  add(place, std::move(report));
  return true;
}

void Gathering::lose(ProcessId who) {
  if (const auto expected = expected_.extract(who); !expected.empty())
    sum_.silent.push_back(std::move(expected.mapped().words));
}

StateReport Gathering::finish() {
  for (auto& [who, expected] : expected_) sum_.silent.push_back(std::move(expected.words));
  expected_.clear();
  sum_.rows = rows_.take();
  for (StateRow& row : sum_.rows)
    if (row.cells.size() > columns_) row.cells.resize(columns_);
  return std::move(sum_);
}

}  // namespace Atoll
