#include "runtime/objects/spill_table.h"

#include "runtime/base/check.h"
#include "runtime/base/words.h"
#include "runtime/objects/arena_space.h"

namespace Atoll {
namespace {

constexpr std::uint64_t kFileBytes = std::uint64_t{64} << 20;
// So many files more, and they are twice as large.
constexpr std::uint64_t kFilesToDouble = 64;
// A file is no larger than this part of the arena: what is being written cannot be given away yet.
constexpr std::uint64_t kPartOfArena = 8;

}  // namespace

std::uint64_t SpillTable::batch() const {
  const std::uint64_t doublings = std::min<std::uint64_t>(files_.size() / kFilesToDouble, 20);
  return std::min(kFileBytes << doublings, arena_ / kPartOfArena);
}

std::uint64_t SpillTable::allowance(Time now) const {
  if (!on() || (!trouble_.empty() && now < failed_at_ + kRetry)) return 0;
  return options_.limit - on_disk_;
}

std::uint64_t SpillTable::begin() {
  files_.emplace(next_file_, File());
  return next_file_++;
}

std::uint64_t SpillTable::add(std::uint64_t file, std::uint64_t bytes) {
  File& into = files_.at(file);
  const std::uint64_t at = into.bytes, taken = ArenaSpace::rounded(bytes);
  ATOLL_CHECK(taken <= options_.limit - on_disk_, taken, on_disk_);
  into.bytes += taken;
  ++into.copies;
  on_disk_ += taken;
  writing_ += bytes;
  return at;
}

void SpillTable::on_written(std::uint64_t bytes) {
  writing_ -= bytes;
  spilled_ += bytes;
  if (!ended_) trouble_.clear();
}

void SpillTable::on_failed(Time now, const std::string& why, bool for_good) {
  trouble_ = why;
  failed_at_ = now;
  ended_ |= for_good;
}

bool SpillTable::release(std::uint64_t file) {
  const auto entry = files_.find(file);
  if (--entry->second.copies > 0) return false;
  on_disk_ -= entry->second.bytes;
  files_.erase(entry);
  if (!ended_) trouble_.clear();
  return true;
}

std::string SpillTable::words() const {
  std::string words = format_bytes(on_disk_) + " are spilled to " + options_.folders;
  if (options_.limit < std::numeric_limits<std::uint64_t>::max()) words += ", at most " + format_bytes(options_.limit) + " may be";
  return trouble_.empty() ? words : words + ", and there " + trouble_;
}

}  // namespace Atoll
