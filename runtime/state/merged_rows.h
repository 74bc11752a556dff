#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "runtime/wire/state_messages.h"

namespace Atoll {

// The rows of several answers to one question made one answer's.
//
// MERGED-1 they are the first by the question's sort key; those alike, and all without a key, in the order of the
//          answers' places, whenever each came
// MERGED-2 there are no more than the question and kMostRows allow, and while they come no more than three times as
//          many are kept
class MergedRows {
 public:
  // The sort key, if any, is among the question's columns. The question outlives this.
  explicit MergedRows(const GetState& question);

  void add(std::size_t place, std::vector<StateRow> rows);
  // Once.
  std::vector<StateRow> take();

 private:
  struct Entry {
    std::size_t place = 0;
    std::size_t index = 0;  // in its answer
    StateRow row;
  };
  const StateCell& key_of(const Entry& entry) const;
  bool before(const Entry& a, const Entry& b) const;
  void cut();

  const GetState& question_;
  std::size_t limit_;
  std::optional<std::size_t> key_;  // its column
  std::vector<Entry> entries_;
};

}  // namespace Atoll
