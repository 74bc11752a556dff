#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/metrics/page.h"
#include "runtime/wire/outbox.h"

namespace Atoll {

// How long owners may take to answer.
inline constexpr Duration kCensusPatience = std::chrono::seconds(1);

// What became of tasks and calls, asked of the processes that own them when somebody reads the metrics. Logic without I/O.
//
// CENSUS-1 what an owner counted never falls: once it has ended it stays counted as it last said
// CENSUS-2 who does not answer within kCensusPatience is counted as it last said, and as silent
// CENSUS-3 nobody is asked while nobody reads
class TaskCensus {
 public:
  // Joins a question that is under way.
  void ask(Time now, const std::vector<ProcessId>& owners, Outbox& out);
  void take(ProcessId from, const TaskCounts& counts);
  // It has ended, or cannot be reached.
  void forget(ProcessId owner);

  // Whether the question that is under way is answered, as far as it will be.
  bool complete(Time now) const { return waiting_.empty() || now >= asked_ + kCensusPatience; }

  void add_to(MetricsPage& page) const;

 private:
  std::uint64_t request_ = 0;
  Time asked_{};
  std::set<ProcessId> waiting_;            // for their answers
  std::map<ProcessId, TaskCounts> owners_;  // as they last said, those that live
  TaskCounts gone_;                        // of those that have ended
};

}  // namespace Atoll
