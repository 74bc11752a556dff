#include "runtime/client/stream_table.h"

#include "runtime/client/object_table.h"
#include "runtime/client/running_task.h"

namespace Atoll {

void StreamTable::open(TaskId stream) {
  const std::lock_guard lock(mutex_);
  streams_.try_emplace(stream);
}

void StreamTable::close(TaskId stream) {
  decltype(streams_)::node_type closed;  // its items go without the lock
  const std::lock_guard lock(mutex_);
  closed = streams_.extract(stream);
}

void StreamTable::add(TaskId stream, StreamValue item) {
  const std::lock_guard lock(mutex_);
  if (const auto entry = streams_.find(stream); entry != streams_.end()) entry->second.push_back(std::move(item));
}

std::optional<StreamValue> StreamTable::next(TaskId stream, Deadline deadline) {
  const auto any = [this, stream] {
    const std::lock_guard lock(mutex_);
    return !streams_.at(stream).empty();
  };
  std::optional<Time> until;
  if (deadline) until = Time(deadline->time_since_epoch());
  const RunningTask* task = running_task();
  // The result comes after the last item.
  turns_.wait([&] { return any() || objects_.is_settled(result_of(stream)) || (task != nullptr && task->cancelled); }, until);
  const std::lock_guard lock(mutex_);
  std::deque<StreamValue>& items = streams_.at(stream);
  if (items.empty()) return std::nullopt;
  StreamValue item = std::move(items.front());
  items.pop_front();
  return item;
}

}  // namespace Atoll
