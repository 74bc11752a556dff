#include "runtime/state/rows.h"

#include <algorithm>

namespace Atoll {

StateRows::StateRows(const GetState& question) : question_(question), limit_(std::min(question.limit, kMostRows)) {}

bool StateRows::before(const Entry& a, const Entry& b) const {
  if (const int order = compare(a.key, b.key); order != 0) {
    // What is not known stays last.
    const bool any_unknown = a.key.kind == CellKind::kNone || b.key.kind == CellKind::kNone;
    return question_.descending && !any_unknown ? order > 0 : order < 0;
  }
  return a.arrival < b.arrival;
}

bool StateRows::count(const StateCell& key) {
  ++total_;
  if (entries_.size() < limit_) return true;
  return limit_ > 0 && is_sorted() && before({key, total_, {}}, entries_.front());
}

void StateRows::add(StateCell key, StateRow row) {
  const auto order = [this](const Entry& a, const Entry& b) { return before(a, b); };
  if (is_sorted() && entries_.size() == limit_) {
    std::ranges::pop_heap(entries_, order);
    entries_.pop_back();
  }
  entries_.push_back({std::move(key), total_, std::move(row)});
  if (is_sorted()) std::ranges::push_heap(entries_, order);
}

void StateRows::finish(StateReport& report) {
  if (is_sorted()) std::ranges::sort(entries_, [this](const Entry& a, const Entry& b) { return before(a, b); });
  report.request = question_.request;
  report.asker = question_.asker;
  report.total += total_;
  for (Entry& entry : entries_) report.rows.push_back(std::move(entry.row));
  entries_.clear();
}

}  // namespace Atoll
