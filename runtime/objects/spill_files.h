#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "runtime/objects/arena.h"
#include "runtime/objects/spill_file.h"
#include "runtime/objects/spill_orders.h"

namespace Atoll {

// The spill files of a node in one folder: each call blocks for as long as the disk takes. One thread's, but for stop().
//
// FILES-1 what is written is reported as spill_orders.h says
// FILES-3 a folder whose file system would be fuller than most_full gets no file now
// FILES-4 what is read back is what was written, or there is a failure that names the folder
class SpillFiles {
 public:
  struct Options {
    std::string folder;
    double most_full = 0.95;        // of what the file system gives to users
    std::size_t most_files = 1000;  // that are open at one time
  };
  using Report = std::function<void(SpillEvent)>;

  SpillFiles(const Options& options, Arena& arena) : options_(options), arena_(arena) {}

  // Whether a file can be made there. kDiskFull: perhaps later.
  Status check();
  // Reports SpillWritten only: who fails before anything was reported leaves no file.
  struct Written {
    Status status;
    bool any = false;  // was reported
  };
  Written write(const WriteSpill& order, const Report& report);
  SpillRead read(const ReadSpill& order) const;
  SpillPunched punch(const PunchSpill& order);
  void remove(const DeleteSpill& order) { files_.erase(order.file); }
  // Bytes that files may still take, as the file system was last seen.
  std::uint64_t room() const { return room_; }
  const std::string& folder() const { return options_.folder; }
  // Any thread: what is being done ends soon, with kAborted or a failure.
  void stop() { stopped_ = true; }

 private:
  Status check_space(std::uint64_t bytes);
  Status append(SpillFile& file, const WriteSpill& order, bool& any, const Report& report);
  Status read_back(const ReadSpill& order) const;

  Options options_;
  Arena& arena_;
  std::map<std::uint64_t, SpillFile> files_;
  std::uint64_t room_ = 0;
  std::atomic<bool> stopped_{false};
};

}  // namespace Atoll
