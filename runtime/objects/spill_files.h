#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime/objects/arena.h"
#include "runtime/objects/spill_file.h"
#include "runtime/objects/spill_orders.h"

namespace Atoll {

// Carries out the orders for a node's spill files: blocks for as long as the disks take. One thread's, but for stop().
//
// FILES-1 each WriteSpill and ReadSpill is answered as spill_orders.h says
// FILES-2 folders take turns; one that fails is left out from then on, with a line in the log, and another takes its file
// FILES-3 a folder whose file system would be fuller than most_full gets no file now
// FILES-4 what is read back is what was written, or there is a failure that names the folder
class SpillFiles {
 public:
  struct Options {
    std::vector<std::string> folders;
    double most_full = 0.95;     // of what the file system gives to users
    std::size_t most_files = 0;  // that are open at one time; 0: half of what this process may have
  };
  using Report = std::function<void(SpillEvent)>;

  SpillFiles(const Options& options, Arena& arena);

  // Leaves out the folders that cannot be used, with a line in the log; reports a failure for good if none is left.
  void check_folders(const Report& report);
  void carry_out(const SpillOrder& order, const Report& report);
  // Any thread: what is being carried out ends soon, unanswered; nothing more is.
  void stop() { stopped_ = true; }

 private:
  void carry_out(const WriteSpill& order, const Report& report);
  void carry_out(const ReadSpill& order, const Report& report);
  void carry_out(const DeleteSpill& order, const Report& report);
  Status write_to(const std::string& folder, const WriteSpill& order, std::size_t& reported, const Report& report);
  Status append(SpillFile& file, const WriteSpill& order, std::size_t& reported, const Report& report);
  Status read_back(const ReadSpill& order);
  Status check_space(const std::string& folder, std::uint64_t bytes) const;
  void leave_out(std::size_t folder, const Status& why);

  Options options_;
  Arena& arena_;
  std::size_t turn_ = 0;
  std::string last_failure_;  // of a folder that was left out
  std::map<std::uint64_t, SpillFile> files_;
  std::atomic<bool> stopped_{false};
};

}  // namespace Atoll
