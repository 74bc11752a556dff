#include "runtime/objects/spill_files.h"

#include <sys/statvfs.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "runtime/base/words.h"
#include "runtime/objects/arena_space.h"

namespace Atoll {
namespace {

// One write or read of the disk.
constexpr std::uint64_t kChunk = std::uint64_t{8} << 20;
constexpr std::size_t kMostParts = 512;
// Of a long file, what is written is reported this often.
constexpr std::uint64_t kReportBytes = std::uint64_t{64} << 20;

}  // namespace

Status SpillFiles::check() {
  ATOLL_RETURN_IF_ERROR(check_space(0));
  return SpillFile::create(options_.folder, ArenaSpace::kPage).status();
}

// As df has it: what only root may use is not there.
Status SpillFiles::check_space(std::uint64_t bytes) {
  struct statvfs disk;
  if (::statvfs(folder().c_str(), &disk) != 0) return spill_failure(folder(), "looking for space", errno);
  const double unit = static_cast<double>(disk.f_frsize), used = static_cast<double>(disk.f_blocks - disk.f_bfree) * unit;
  const double all = used + static_cast<double>(disk.f_bavail) * unit, room = options_.most_full * all - used;
  room_ = static_cast<std::uint64_t>(std::max(room, 0.0));
  if (static_cast<double>(bytes) <= room) return Status();
  return Status(Code::kDiskFull, "the file system of spill folder " + folder() + " has " + format_bytes(static_cast<std::uint64_t>(used)) +
                                     " of " + format_bytes(static_cast<std::uint64_t>(all)) + " in use, and no more than " +
                                     std::to_string(static_cast<int>(options_.most_full * 100)) + " % are taken");
}

// ---------------------------------------------------------------------- writing

SpillFiles::Written SpillFiles::write(const WriteSpill& order, const Report& report) {
  const SpillPiece& last = order.pieces.back();
  const std::uint64_t bytes = last.at + ArenaSpace::rounded(last.bytes);
  if (files_.size() >= options_.most_files)
    return {Status(Code::kDiskFull, std::to_string(files_.size()) + " spill files are open, half of what ulimit -n allows")};
  if (const Status space = check_space(bytes); !space.ok()) return {space};
  Result<SpillFile> file = SpillFile::create(folder(), bytes);
  if (!file.ok()) return {file.status()};
  room_ -= std::min(room_, bytes);
  Written written;
  written.status = append(*file, order, written.any, report);
  if (written.status.ok() || written.any) files_.emplace(order.file, std::move(*file));
  return written;
}

Status SpillFiles::append(SpillFile& file, const WriteSpill& order, bool& any, const Report& report) {
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
    any = true;
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

SpillRead SpillFiles::read(const ReadSpill& order) const { return {order.file, order.piece.copy, read_back(order).message()}; }

Status SpillFiles::read_back(const ReadSpill& order) const {
  const auto entry = files_.find(order.file);
  if (entry == files_.end()) return Status(Code::kNotFound, "its spill file is gone");
  const SpillFile& file = entry->second;
  const SpillPiece& piece = order.piece;
  const std::uint64_t bytes = ArenaSpace::rounded(piece.bytes);
  for (std::uint64_t from = 0; from < bytes; from += kChunk) {
    if (stopped_) return Status(Code::kAborted, "the daemon ends");
    ATOLL_RETURN_IF_ERROR(file.read(arena_.at(piece.offset + from), std::min(kChunk, bytes - from), piece.at + from));
  }
  if (XXH3_64bits(arena_.read_at(piece.offset), piece.bytes) == order.checksum) return Status();
  return Status(Code::kUnavailable, "its bytes in spill folder " + folder() + " are not those that were written: the checksum is wrong");
}

// ----------------------------------------------------------------- giving back

SpillPunched SpillFiles::punch(const PunchSpill& order) {
  SpillPunched punched{order.file, 0};
  const auto file = files_.find(order.file);
  if (file == files_.end()) return punched;
  for (const PunchSpill::Part& part : order.parts)
    if (file->second.punch(part.at, part.bytes)) punched.bytes += part.bytes;
  return punched;
}

}  // namespace Atoll
