#include "runtime/objects/spill_table.h"

#include <algorithm>
#include <iterator>

#include "runtime/base/check.h"
#include "runtime/base/words.h"
#include "runtime/objects/arena_space.h"

namespace Atoll {
namespace {

constexpr std::uint64_t kFileBytes = std::uint64_t{64} << 20;
// So many files more, and they are twice as large.
constexpr std::uint64_t kFilesToDouble = 64;
// What is being written is no more than this part of the arena: it cannot be given away yet.
constexpr std::uint64_t kPartOfArena = 4;

// With the neighbours that it touches.
void add_part(std::map<std::uint64_t, std::uint64_t>& parts, std::uint64_t at, std::uint64_t bytes) {
  auto next = parts.lower_bound(at);
  if (next != parts.end() && next->first == at + bytes) {
    bytes += next->second;
    next = parts.erase(next);
  }
  if (next != parts.begin() && std::prev(next)->first + std::prev(next)->second == at)
    std::prev(next)->second += bytes;
  else
    parts.emplace_hint(next, at, bytes);
}

}  // namespace

std::uint64_t SpillTable::batch() const {
  const std::uint64_t doublings = std::min<std::uint64_t>(files_.size() / kFilesToDouble, 20);
  return std::min(kFileBytes << doublings, arena_ / kPartOfArena / (1 + options_.writers));
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
  into.held += taken;
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

std::optional<SpillOrder> SpillTable::release(std::uint64_t number, std::uint64_t at, std::uint64_t bytes) {
  const auto entry = files_.find(number);
  File& file = entry->second;
  if (--file.copies == 0) {
    on_disk_ -= file.held;
    gone_ -= file.gone_bytes;
    files_.erase(entry);
    if (!ended_) trouble_.clear();
    return DeleteSpill{number};
  }
  const std::uint64_t taken = ArenaSpace::rounded(bytes);
  add_part(file.gone, at, taken);
  file.gone_bytes += taken;
  gone_ += taken;
  if (file.gone_bytes < file.bytes / kPartGone) return std::nullopt;
  return punch(number, file);
}

PunchSpill SpillTable::punch(std::uint64_t number, File& file) {
  PunchSpill order{number, {}};
  for (const auto& [at, bytes] : std::exchange(file.gone, {})) order.parts.push_back({at, bytes});
  gone_ -= std::exchange(file.gone_bytes, 0);
  return order;
}

std::vector<SpillOrder> SpillTable::give_back() {
  std::vector<SpillOrder> orders;
  if (gone_ == 0) return orders;
  for (auto& [number, file] : files_)
    if (file.gone_bytes > 0) orders.push_back(punch(number, file));
  return orders;
}

// The file may have been deleted since.
void SpillTable::on_punched(std::uint64_t number, std::uint64_t bytes) {
  const auto file = files_.find(number);
  if (file == files_.end() || bytes == 0) return;
  file->second.held -= bytes;
  on_disk_ -= bytes;
  if (!ended_) trouble_.clear();
}

std::string SpillTable::words() const {
  std::string words = format_bytes(on_disk_) + " are spilled to " + options_.folders;
  if (options_.limit < std::numeric_limits<std::uint64_t>::max()) words += ", at most " + format_bytes(options_.limit) + " may be";
  return trouble_.empty() ? words : words + ", and there " + trouble_;
}

}  // namespace Atoll
