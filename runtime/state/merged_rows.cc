#include "runtime/state/merged_rows.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "runtime/state/cells.h"

namespace Atoll {

MergedRows::MergedRows(const GetState& question) : question_(question), limit_(std::min(question.limit, kMostRows)) {
  const auto key = std::ranges::find(question.columns, question.sort);
  if (!question.sort.empty() && key != question.columns.end())
    key_ = static_cast<std::size_t>(key - question.columns.begin());
}

const StateCell& MergedRows::key_of(const Entry& entry) const {
  static const StateCell kUnknown;
  return key_ && *key_ < entry.row.cells.size() ? entry.row.cells[*key_] : kUnknown;
}

bool MergedRows::before(const Entry& a, const Entry& b) const {
  const int order = key_ ? compare_by(question_, key_of(a), key_of(b)) : 0;
  return order != 0 ? order < 0 : std::tie(a.place, a.index) < std::tie(b.place, b.index);
}

// No answer has more rows than the limit, or what is beyond is not looked at: so says MERGED-2.
void MergedRows::add(std::size_t place, std::vector<StateRow> rows) {
  if (rows.size() > limit_) rows.resize(limit_);
  for (std::size_t i = 0; i < rows.size(); ++i) entries_.push_back({place, i, std::move(rows[i])});
  if (entries_.size() > 2 * limit_) cut();
}

void MergedRows::cut() {
  if (entries_.size() <= limit_) return;
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(limit_);
  std::ranges::nth_element(entries_, end, [this](const Entry& a, const Entry& b) { return before(a, b); });
  entries_.erase(end, entries_.end());
}

std::vector<StateRow> MergedRows::take() {
  cut();
  std::ranges::sort(entries_, [this](const Entry& a, const Entry& b) { return before(a, b); });
  std::vector<StateRow> rows;
  rows.reserve(entries_.size());
  for (Entry& entry : entries_) rows.push_back(std::move(entry.row));
  entries_.clear();
  return rows;
}

}  // namespace Atoll
