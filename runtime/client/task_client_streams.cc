// Tasks that fill streams, for their owner.

#include "runtime/client/task_client.h"

namespace Atoll {

void TaskClient::on_item(ProcessId worker, const StreamItem& item, ClientOutbox& out) {
  const auto task = tasks_.find(item.task);
  if (task == tasks_.end() || task->second.stream == nullptr || task->second.lease.is_none()) return;
  Stream& stream = *task->second.stream;
  const bool is_next = item.index == stream.received && leases_.at(task->second.lease).worker.process == worker;
  if (!is_next || stream.read.closed) return;
  ++stream.received;
  out.items.push_back({item.task, std::make_shared<const std::string>(item.value)});
}

void TaskClient::stream_read(Time now, const StreamRead& read, ClientOutbox& out) {
  const auto entry = tasks_.find(read.task);
  if (entry == tasks_.end() || entry->second.stream == nullptr) return;
  Task& task = entry->second;
  task.stream->read = read;
  if (!task.lease.is_none())
    out.send(leases_.at(task.lease).worker.process, read);
  if (read.closed) cancel(now, read.task, /*force=*/false, /*recursive=*/true, out);
}

}  // namespace Atoll
