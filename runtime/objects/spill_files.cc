#include "runtime/objects/spill_files.h"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/base/words.h"
#include "runtime/objects/arena_space.h"

namespace Atoll {
namespace {

// One write or read of the disk.
constexpr std::uint64_t kChunk = std::uint64_t{8} << 20;
constexpr std::size_t kMostParts = 512;
// Of a long file, what is written is reported this often.
constexpr std::uint64_t kReportBytes = std::uint64_t{64} << 20;

std::size_t half_of_the_descriptors() {
  rlimit limit;
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::size_t>(limit.rlim_cur / 2) : 512;
}

}  // namespace

SpillFiles::SpillFiles(const Options& options, Arena& arena) : options_(options), arena_(arena) {
  if (options_.most_files == 0) options_.most_files = half_of_the_descriptors();
}

void SpillFiles::check_folders(const Report& report) {
  for (std::size_t i = options_.folders.size(); i-- > 0;)
    if (const Result<SpillFile> file = SpillFile::create(options_.folders[i], ArenaSpace::kPage); !file.ok())
      if (file.status().code() != Code::kDiskFull) leave_out(i, file.status());
  if (options_.folders.empty()) report(SpillFailed{0, last_failure_, true});
}

void SpillFiles::leave_out(std::size_t folder, const Status& why) {
  last_failure_ = why.message();
  options_.folders.erase(options_.folders.begin() + static_cast<std::ptrdiff_t>(folder));
  log::warn("{}; nothing more is spilled there{}", why.message(), options_.folders.empty() ? ", and no other folder is left" : "");
}

void SpillFiles::carry_out(const SpillOrder& order, const Report& report) {
  if (stopped_) return;
  std::visit([&](const auto& each) { carry_out(each, report); }, order);
}

void SpillFiles::carry_out(const DeleteSpill& order, const Report&) { files_.erase(order.file); }

// ---------------------------------------------------------------------- writing

void SpillFiles::carry_out(const WriteSpill& order, const Report& report) {
  std::string why = options_.folders.empty() ? last_failure_ : "";
  std::size_t reported = 0;
  for (std::size_t tries = options_.folders.size(); tries > 0 && reported == 0; --tries) {
    const std::size_t folder = turn_++ % options_.folders.size();
    const Status status = write_to(options_.folders[folder], order, reported, report);
    if (status.ok() || stopped_) return;
    why += (why.empty() ? "" : "; ") + status.message();
    if (status.code() != Code::kDiskFull) leave_out(folder, status);
  }
  report(SpillFailed{order.file, why, options_.folders.empty()});
}

Status SpillFiles::write_to(const std::string& folder, const WriteSpill& order, std::size_t& reported, const Report& report) {
  const SpillPiece& last = order.pieces.back();
  const std::uint64_t bytes = last.at + ArenaSpace::rounded(last.bytes);
  if (files_.size() >= options_.most_files)
    return Status(Code::kDiskFull, std::to_string(files_.size()) + " spill files are open, half of what ulimit -n allows");
  if (const Status space = check_space(folder, bytes); !space.ok()) return space;
  Result<SpillFile> file = SpillFile::create(folder, bytes);
  if (!file.ok()) return file.status();
  const Status status = append(*file, order, reported, report);
  if (status.ok() || reported > 0) files_.emplace(order.file, std::move(*file));
  return status;
}

// As df has it: what only root may use is not there.
Status SpillFiles::check_space(const std::string& folder, std::uint64_t bytes) const {
  struct statvfs disk;
  if (::statvfs(folder.c_str(), &disk) != 0) return spill_failure(folder, "looking for space", errno);
  const double unit = static_cast<double>(disk.f_frsize), used = static_cast<double>(disk.f_blocks - disk.f_bfree) * unit;
  const double all = used + static_cast<double>(disk.f_bavail) * unit;
  if (used + static_cast<double>(bytes) <= options_.most_full * all) return Status();
  return Status(Code::kDiskFull, "the file system of spill folder " + folder + " has " + format_bytes(static_cast<std::uint64_t>(used)) +
                                     " of " + format_bytes(static_cast<std::uint64_t>(all)) + " in use, and no more than " +
                                     std::to_string(static_cast<int>(options_.most_full * 100)) + " % are taken");
}

Status SpillFiles::append(SpillFile& file, const WriteSpill& order, std::size_t& reported, const Report& report) {
  std::vector<iovec> parts;
  std::uint64_t gathered = 0, unreported = 0;
  SpillWritten written{order.file, {}};
  const auto flush = [&]() -> Status {
    if (stopped_) return Status(Code::kAborted, "the daemon ends");
    gathered = 0;
    std::vector<iovec> chunk = std::exchange(parts, {});
    return file.append(chunk);
  };
  const auto tell = [&] {
    reported += written.copies.size();
    report(std::exchange(written, {order.file, {}}));
    unreported = 0;
  };
  for (const SpillPiece& piece : order.pieces) {
    const std::uint64_t bytes = ArenaSpace::rounded(piece.bytes);
    written.copies.emplace_back(piece.copy, XXH3_64bits(arena_.read_at(piece.offset), piece.bytes));
    for (std::uint64_t from = 0; from < bytes;) {
      const std::uint64_t part = std::min(bytes - from, kChunk - gathered);
      parts.push_back({arena_.at(piece.offset + from), part});
      from += part;
      gathered += part;
      if (gathered == kChunk || parts.size() == kMostParts) ATOLL_RETURN_IF_ERROR(flush());
    }
    unreported += bytes;
    if (unreported < kReportBytes || piece.copy == order.pieces.back().copy) continue;
    ATOLL_RETURN_IF_ERROR(flush());
    tell();
  }
  ATOLL_RETURN_IF_ERROR(flush());
  file.finish();
  tell();
  return Status();
}

// ---------------------------------------------------------------------- reading

void SpillFiles::carry_out(const ReadSpill& order, const Report& report) {
  const Status status = read_back(order);
  if (stopped_) return;
  if (!status.ok()) log::error("a spilled object is lost: {}", status.message());
  report(SpillRead{order.file, order.piece.copy, status.message()});
}

Status SpillFiles::read_back(const ReadSpill& order) {
  const auto entry = files_.find(order.file);
  if (entry == files_.end()) return Status(Code::kNotFound, "its spill file is gone");
  const SpillFile& file = entry->second;
  const SpillPiece& piece = order.piece;
  const std::uint64_t bytes = ArenaSpace::rounded(piece.bytes);
  for (std::uint64_t from = 0; from < bytes && !stopped_; from += kChunk)
    ATOLL_RETURN_IF_ERROR(file.read(arena_.at(piece.offset + from), std::min(kChunk, bytes - from), piece.at + from));
  if (stopped_ || XXH3_64bits(arena_.read_at(piece.offset), piece.bytes) == order.checksum) return Status();
  return Status(Code::kUnavailable, "its bytes in spill folder " + file.folder() + " are not those that were written: the checksum is wrong");
}

}  // namespace Atoll
