#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/mailbox.h"
#include "runtime/objects/spill_files.h"

namespace Atoll {

// SpillFiles on a thread of its own: a disk may take as long as it likes, and the daemon's loop goes on talking. Orders are
// carried out one after the other; one that takes longer than kSlow says so in the log.
class SpillThread {
 public:
  // `arena` outlives it.
  SpillThread(const SpillFiles::Options& options, Arena& arena);
  // What is under way is not finished.
  ~SpillThread();
  SpillThread(const SpillThread&) = delete;
  SpillThread& operator=(const SpillThread&) = delete;

  void order(SpillOrder order) { orders_.post(std::move(order)); }
  // Readable when something happened.
  int event_fd() const { return events_.fd(); }
  std::vector<SpillEvent> take_events() { return events_.take(); }

  static constexpr Duration kSlow = std::chrono::seconds(5);

 private:
  void run();

  SpillFiles files_;
  Mailbox<SpillOrder> orders_;
  Mailbox<SpillEvent> events_;
  std::atomic<bool> closed_{false};
  std::thread thread_;
};

}  // namespace Atoll
