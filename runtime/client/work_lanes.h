#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/wire/messages.h"

namespace Atoll {

struct WorkItem {
  ProcessId from = ProcessId::kNone;
  Message message;
  std::optional<StreamRead> read = {};  // what was read of its stream when it ran elsewhere before
  Time arrived{};  // if the timeline wants to know
};

// What waits to be run by a worker, without I/O and threads: in a lane for each of
// its actor's concurrency groups, and one for all else.
//
// LANES-1 of the work that may begin the oldest is taken first
// LANES-2 no more of a lane run than its limit says
// LANES-3 an actor's last call (kLeave) is taken when all before it were
class WorkLanes {
 public:
  // Until then there is one lane, for one at a time.
  void limit(std::uint32_t most, const std::vector<ConcurrencyGroup>& groups);
  // How many may run at one time, in all.
  std::size_t most() const;

  void push(WorkItem item);
  // Whether take() has something.
  bool any() const { return next() != nullptr; }
  struct Taken {
    WorkItem item;
    std::size_t lane = 0;
  };
  std::optional<Taken> take();
  // Something that was taken from this lane has ended.
  void end(std::size_t lane) { --lanes_[lane].running; }

  // Calls `drops(const WorkItem&)` for all, and removes those for which it says so. Returns how many.
  template <typename Drops>
  std::size_t remove_if(Drops drops) {
    std::size_t removed = 0;
    for (Lane& lane : lanes_) removed += std::erase_if(lane.items, [&](const Waiting& each) { return drops(each.item); });
    return removed;
  }
  // Calls `change(WorkItem&)` for all.
  template <typename Change>
  void for_each(Change change) {
    for (Lane& lane : lanes_)
      for (Waiting& each : lane.items) change(each.item);
  }
  // Everything that was not taken, the oldest of each lane first.
  std::vector<WorkItem> clear();

 private:
  struct Waiting {
    std::uint64_t arrival = 0;
    WorkItem item;
  };
  struct Lane {
    std::uint32_t most = 1;
    std::uint32_t running = 0;
    std::deque<Waiting> items;
  };
  std::size_t lane_of(const Message& message) const;
  Lane* next() { return const_cast<Lane*>(std::as_const(*this).next()); }
  const Lane* next() const;
  bool is_oldest(const Waiting& waiting) const;

  std::vector<Lane> lanes_{1};
  std::map<std::string, std::size_t> by_name_;    // of the group
  std::map<std::string, std::size_t> by_method_;  // that a group has
  std::uint64_t arrivals_ = 0;
};

}  // namespace Atoll
