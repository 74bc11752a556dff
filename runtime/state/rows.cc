#include "runtime/state/rows.h"

#include <algorithm>

namespace Atoll {

StateRows::StateRows(const GetState& question) : question_(question), limit_(std::min(question.limit, kMostRows)) {}

bool StateRows::before(const Entry& a, const Entry& b) const {
  const int order = compare_by(question_, a.key, b.key);
  return order != 0 ? order < 0 : a.arrival < b.arrival;
}

std::optional<std::size_t> StateRows::add(StateCell key) {
  Entry entry{std::move(key), ++total_, 0};
  if (!is_sorted() && entries_.size() == limit_) return std::nullopt;
  if (limit_ == 0 || (last_ && !before(entry, *last_))) return std::nullopt;
  if (entries_.size() == 2 * limit_) settle();
  if (free_.empty()) {
    free_.push_back(rows_.size());
    rows_.emplace_back();
    taken_.push_back(false);
  }
  entry.place = free_.back();
  free_.pop_back();
  taken_[entry.place] = true;
  entries_.push_back(std::move(entry));
  return entries_.back().place;
}

void StateRows::settle() {
  if (entries_.size() <= limit_) return;
  const auto order = [this](const Entry& a, const Entry& b) { return before(a, b); };
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(limit_);
  std::ranges::nth_element(entries_, end - 1, order);
  last_ = *(end - 1);
  for (auto entry = end; entry != entries_.end(); ++entry) {
    taken_[entry->place] = false;
    free_.push_back(entry->place);
  }
  entries_.erase(end, entries_.end());
}

void StateRows::finish(StateReport& report) {
  settle();
  if (is_sorted()) std::ranges::sort(entries_, [this](const Entry& a, const Entry& b) { return before(a, b); });
  report.request = question_.request;
  report.total += total_;
  for (const Entry& entry : entries_) report.rows.push_back(std::move(rows_[entry.place]));
  entries_.clear();
  rows_.clear();
}

}  // namespace Atoll
