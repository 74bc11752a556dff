#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/mailbox.h"
#include "runtime/objects/spill_files.h"
#include "runtime/objects/spill_queue.h"

namespace Atoll {

// A thread for each spill folder of a node (SpillFiles), which a SpillQueue gives their work: a disk may take as long as it likes,
// the daemon's loop goes on talking and other disks go on writing. What takes longer than kSlow says so in the log, and so does a
// folder that is left out.
class SpillThreads {
 public:
  struct Options {
    std::vector<std::string> folders;
    double most_full = 0.95;     // as in SpillFiles
    std::size_t most_files = 0;  // of all folders together; 0: half of what this process may have
  };
  // `arena` outlives it.
  SpillThreads(const Options& options, Arena& arena);
  // What is under way is not finished.
  ~SpillThreads();
  SpillThreads(const SpillThreads&) = delete;
  SpillThreads& operator=(const SpillThreads&) = delete;

  void order(SpillOrder order);
  // Readable when something happened.
  int event_fd() const { return events_.fd(); }
  std::vector<SpillEvent> take_events() { return events_.take(); }

  static constexpr Duration kSlow = std::chrono::seconds(5);

 private:
  // What came of an order, to be said with the lock.
  struct Outcome {
    Status status;
    bool any = false;
    bool was_write = false;
  };
  void run(std::size_t folder);
  Outcome carry_out(SpillFiles& files, const SpillOrder& order);
  void post(std::vector<SpillEvent> events);
  void note(std::size_t folder, bool was_usable, const Status& status);

  std::deque<SpillFiles> files_;  // by folder, each its thread's
  Mailbox<SpillEvent> events_;
  std::mutex mutex_;
  std::condition_variable changed_;
  SpillQueue queue_;
  std::atomic<bool> closed_{false};
  std::vector<std::thread> threads_;
};

}  // namespace Atoll
