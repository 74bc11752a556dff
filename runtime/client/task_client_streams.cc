// Tasks that fill streams, for their owner.

#include "runtime/client/task_client.h"

namespace Atoll {

void TaskClient::on_item(ProcessId worker, const StreamItem& item, ClientOutbox& out) {
  Task* task = find(item.task);
  if (task == nullptr || task->stream == nullptr) return;
  const Lease* lease = find_lease(task->lease);
  Stream& stream = *task->stream;
  const bool is_next = lease != nullptr && lease->worker.process == worker && item.index == stream.received;
  if (!is_next || stream.read.closed) return;
  ++stream.received;
  out.items.push_back({item.task, std::make_shared<const std::string>(item.value)});
}

void TaskClient::stream_read(Time now, const StreamRead& read, ClientOutbox& out) {
  Task* task = find(read.task);
  if (task == nullptr || task->stream == nullptr) return;
  task->stream->read = read;
  if (const Lease* lease = find_lease(task->lease)) out.send(lease->worker.process, read);
  if (read.closed) cancel(now, read.task, /*force=*/false, /*recursive=*/true, out);
}

}  // namespace Atoll
