#include "runtime/objects/spill_queue.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace Atoll {
namespace {

// Rooms that differ by less than an eighth count as equal.
std::uint64_t roughly(std::uint64_t room) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(room)) - 4);
  return room >> shift << shift;
}

}  // namespace

std::size_t SpillQueue::usable() const { return static_cast<std::size_t>(std::ranges::count(folders_, true, &Folder::usable)); }

void SpillQueue::add(SpillOrder order, Events& out) {
  if (auto* write = std::get_if<WriteSpill>(&order)) return offer_again({std::move(*write), {}, ""}, out);
  const std::uint64_t number = std::visit([](const auto& each) { return each.file; }, order);
  const auto file = files_.find(number);
  if (file != files_.end()) {
    folders_[file->second].orders.push_back(std::move(order));
    if (std::holds_alternative<DeleteSpill>(folders_[file->second].orders.back())) files_.erase(file);
  } else if (const auto* read = std::get_if<ReadSpill>(&order)) {
    out.push_back(SpillRead{number, read->piece.copy, "its spill file is gone"});
  } else if (std::holds_alternative<PunchSpill>(order)) {
    out.push_back(SpillPunched{number, 0});
  }
}

bool SpillQueue::has_folder_left(const Write& write) const {
  for (std::size_t folder = 0; folder < folders_.size(); ++folder)
    if (folders_[folder].usable && !write.refused.contains(folder)) return true;
  return false;
}

// First of those that wait if somebody tried it already.
void SpillQueue::offer_again(Write write, Events& out) {
  if (!has_folder_left(write))
    out.push_back(SpillFailed{write.order.file, write.why.empty() ? last_failure_ : write.why, usable() == 0});
  else if (write.refused.empty())
    waiting_.push_back(std::move(write));
  else
    waiting_.push_front(std::move(write));
}

// Whether no other that is idle should rather write it.
bool SpillQueue::is_best(std::size_t folder, const Write& write) const {
  const Folder& mine = folders_[folder];
  for (std::size_t i = 0; i < folders_.size(); ++i) {
    const Folder& other = folders_[i];
    if (i == folder || !other.is_idle() || write.refused.contains(i)) continue;
    const std::uint64_t others_room = roughly(other.room), my_room = roughly(mine.room);
    if (others_room > my_room || (others_room == my_room && other.wrote_last < mine.wrote_last)) return false;
  }
  return true;
}

std::optional<SpillOrder> SpillQueue::take(std::size_t number) {
  Folder& folder = folders_[number];
  if (folder.busy) return std::nullopt;
  if (!folder.orders.empty()) {
    folder.busy = true;
    std::optional<SpillOrder> next = std::move(folder.orders.front());
    folder.orders.pop_front();
    return next;
  }
  if (!folder.usable) return std::nullopt;
  const auto mine = std::ranges::find_if(
      waiting_, [&](const Write& write) { return !write.refused.contains(number) && is_best(number, write); });
  if (mine == waiting_.end()) return std::nullopt;
  folder.busy = true;
  folder.wrote_last = ++writes_;
  folder.writing = std::move(*mine);
  waiting_.erase(mine);
  files_[folder.writing->order.file] = number;
  return folder.writing->order;
}

void SpillQueue::started(std::size_t folder, const Status& status, std::uint64_t room, Events& out) {
  folders_[folder].busy = false;
  folders_[folder].room = room;
  if (status.ok() || status.code() == Code::kDiskFull) return;
  leave_out(folder, status.message(), out);
  if (usable() == 0) out.push_back(SpillFailed{0, status.message(), true});
}

void SpillQueue::wrote(std::size_t number, const Status& status, bool any, std::uint64_t room, Events& out) {
  Folder& folder = folders_[number];
  folder.busy = false;
  folder.room = room;
  Write write = std::move(*folder.writing);
  folder.writing.reset();
  if (status.ok()) return;
  write.why += (write.why.empty() ? "" : "; ") + status.message();
  write.refused.insert(number);
  if (!any) files_.erase(write.order.file);
  if (status.code() != Code::kDiskFull) leave_out(number, status.message(), out);
  if (any)
    out.push_back(SpillFailed{write.order.file, write.why, usable() == 0});
  else
    offer_again(std::move(write), out);
}

void SpillQueue::leave_out(std::size_t folder, const std::string& why, Events& out) {
  folders_[folder].usable = false;
  last_failure_ = why;
  for (Write& write : std::exchange(waiting_, {})) offer_again(std::move(write), out);
}

}  // namespace Atoll
