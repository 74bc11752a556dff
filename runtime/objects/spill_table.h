#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/objects/spill_orders.h"

namespace Atoll {

// The spill files of a node: what each holds, and how many copies in it are alive. Logic without I/O; which copies go
// there is the ObjectStore's matter.
//
// SPILL-1 a file is deleted when the last of its copies is gone, and then at once
// SPILL-2 files that were not deleted hold no more than `limit` bytes together
// SPILL-3 after a failure nothing is written for kRetry, unless room was given back; when no folder is left, never again
// SPILL-4 the room of copies that are gone is given back when they are one part in kPartGone of their file, and before for want
//         of room nothing is written
class SpillTable {
 public:
  struct Options {
    bool on = false;
    std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();  // bytes of all files
    std::string folders = {};                                         // for words
    std::string why_off = {};                                         // likewise
    std::uint64_t writers = 1;                                        // files that are written at one time
  };
  // Of a node whose arena has `arena` bytes.
  SpillTable(Options options, std::uint64_t arena) : options_(std::move(options)), arena_(arena) {}

  bool on() const { return options_.on && !ended_; }
  bool has_ended() const { return ended_; }  // no folder is left
  // Bytes that are worth a file. It grows with the number of files: each takes a descriptor.
  std::uint64_t batch() const;
  // Bytes that may be on their way to disk: a file for each writer and one that waits.
  std::uint64_t most_writing() const { return (1 + options_.writers) * batch(); }
  // Those of them that get there though all writers but one may be slow.
  std::uint64_t writing_soon() const { return writing_ - std::min(writing_, (options_.writers - 1) * batch()); }
  // Bytes that a file may have which is begun now; 0: none can be.
  std::uint64_t allowance(Time now) const;

  // A new file, and what goes into it: at which place. Every add() is followed by on_written() or on_not_written(), and later
  // by release().
  std::uint64_t begin();
  std::uint64_t add(std::uint64_t file, std::uint64_t bytes);
  void on_written(std::uint64_t bytes);
  void on_not_written(std::uint64_t bytes) { writing_ -= bytes; }
  void on_failed(Time now, const std::string& why, bool for_good);
  void on_restored(std::uint64_t bytes) { restored_ += bytes; }
  // The copy is gone that add() placed there: what follows for its file. One that is to be deleted is forgotten.
  std::optional<SpillOrder> release(std::uint64_t file, std::uint64_t at, std::uint64_t bytes);
  // What can be given back of all files.
  std::vector<SpillOrder> give_back();
  void on_punched(std::uint64_t file, std::uint64_t bytes);

  // One clause for people: what is there, and what keeps more from being written.
  std::string words() const;
  const std::string& why_off() const { return options_.why_off; }

  std::uint64_t files() const { return files_.size(); }
  std::uint64_t on_disk() const { return on_disk_; }    // bytes that files hold
  std::uint64_t spilled() const { return spilled_; }    // bytes of copies, ever
  std::uint64_t restored() const { return restored_; }  // likewise
  std::uint64_t writing() const { return writing_; }    // bytes of copies that are being written

  static constexpr Duration kRetry = std::chrono::seconds(1);
  static constexpr std::uint64_t kPartGone = 8;

 private:
  struct File {
    std::uint64_t bytes = 0;   // from its begin to its end
    std::uint64_t held = 0;    // of them
    std::uint64_t copies = 0;  // that are not gone
    std::map<std::uint64_t, std::uint64_t> gone;  // bytes by place: what can be given back, neighbours joined
    std::uint64_t gone_bytes = 0;
  };
  PunchSpill punch(std::uint64_t number, File& file);

  Options options_;
  std::uint64_t arena_;
  std::map<std::uint64_t, File> files_;
  std::uint64_t next_file_ = 1;
  std::uint64_t on_disk_ = 0, spilled_ = 0, restored_ = 0, writing_ = 0;
  std::uint64_t gone_ = 0;  // bytes, of all files
  bool ended_ = false;
  std::string trouble_;  // the last failure, if nothing was written or deleted since
  Time failed_at_{};
};

}  // namespace Atoll
