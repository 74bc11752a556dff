#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/state/merged_rows.h"

namespace Atoll {

// One question that is put to several processes, and what they answer made one answer: by the tool, by a daemon that
// gathers for it, and by every daemon for its own workers. Logic without I/O.
//
// GATHER-1 an answer counts if it is of one who was asked under that number and has not answered
// GATHER-2 totals and counts add up, of what had no room too; rows are as MERGED-1 and MERGED-2 say
// GATHER-3 who was asked and did not answer is named, and whom those name who answered
class Gathering {
 public:
  explicit Gathering(const GetState& question);
  Gathering(const Gathering&) = delete;  // rows_ refers to question_
  Gathering& operator=(const Gathering&) = delete;

  // What the others are asked: with_sort_column().
  const GetState& question() const { return question_; }

  // `who` is asked under the number `request`, anew if it was; its rows stand at `place` among all.
  void expect(std::uint64_t request, ProcessId who, std::string words, std::size_t place);
  // What is known without asking.
  void add(std::size_t place, StateReport report);
  // Whether it was expected.
  bool take(ProcessId from, StateReport report);
  // It will not answer.
  void lose(ProcessId who);

  bool expects(ProcessId who) const { return expected_.contains(who); }
  bool complete() const { return expected_.empty(); }
  // Once. All who are still expected are silent.
  StateReport finish();

 private:
  struct Expected {
    std::uint64_t request = 0;
    std::string words;
    std::size_t place = 0;
  };

  const std::size_t columns_;  // as they were asked for
  GetState question_;
  std::map<ProcessId, Expected> expected_;
  StateReport sum_;
  MergedRows rows_;
};

// The question with its sort key among the columns, behind them if it is not one.
GetState with_sort_column(GetState question);

// As they are named where they do not answer.
inline std::string daemon_words(const std::string& node) { return "the daemon of node " + node; }

}  // namespace Atoll
