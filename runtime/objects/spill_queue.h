#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/objects/spill_orders.h"

namespace Atoll {

// Which of a node's spill folders does what, and when: each has a writer of its own. Logic, without I/O and threads; folders
// are numbered.
//
// QUEUE-1 a file is written by a folder that has nothing else to do, of several by the one with most room, of those with about
//         as much by the one that wrote longest ago; while none is idle it waits for the first: a slow disk has one file at a
//         time, and holds up no other
// QUEUE-2 what is wanted of a file that was written goes to its folder, in order, and before anything new is written there
// QUEUE-3 a folder that has no room for a file is passed over for that one; one that fails is left out from then on. When no
//         folder is left for a file, it has failed
// QUEUE-4 each order is answered as spill_orders.h says
class SpillQueue {
 public:
  // What there is to say, for the store.
  using Events = std::vector<SpillEvent>;

  explicit SpillQueue(std::size_t folders) : folders_(folders) {}

  void add(SpillOrder order, Events& out);
  // What the folder's writer does next; none: nothing now. Whoever took something says done() or, of a WriteSpill, wrote(); before
  // the first take() it says started().
  std::optional<SpillOrder> take(std::size_t folder);
  // Whether it can be used (kDiskFull: perhaps later), and the bytes that it has room for.
  void started(std::size_t folder, const Status& status, std::uint64_t room, Events& out);
  void done(std::size_t folder) { folders_[folder].busy = false; }
  // `any`: some pieces of it were, and were reported.
  void wrote(std::size_t folder, const Status& status, bool any, std::uint64_t room, Events& out);

  bool is_usable(std::size_t folder) const { return folders_[folder].usable; }
  std::size_t usable() const;

 private:
  struct Write {
    WriteSpill order;
    std::set<std::size_t> refused;  // folders
    std::string why;
  };
  struct Folder {
    bool usable = true;
    bool busy = true;  // until it has started
    std::uint64_t room = 0;
    std::uint64_t wrote_last = 0;  // its place in the order of writes
    std::deque<SpillOrder> orders;  // of its files
    std::optional<Write> writing;
    bool is_idle() const { return usable && !busy && orders.empty(); }
  };

  bool is_best(std::size_t folder, const Write& write) const;
  bool has_folder_left(const Write& write) const;
  void offer_again(Write write, Events& out);
  void leave_out(std::size_t folder, const std::string& why, Events& out);

  std::vector<Folder> folders_;
  std::deque<Write> waiting_;
  std::map<std::uint64_t, std::size_t> files_;  // their folders
  std::uint64_t writes_ = 0;
  std::string last_failure_;  // of a folder that was left out
};

}  // namespace Atoll
