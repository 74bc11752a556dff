// Tasks that fill streams, for their owner.

#include "runtime/client/task_client.h"

namespace Atoll {

bool TaskClient::on_item(ProcessId worker, const StreamItem& item, ClientOutbox& out) {
  Task* task = find(item.task);
  if (task == nullptr) return false;
  const Lease* lease = find_lease(task->lease);
  const bool is_its = lease != nullptr && lease->worker.process == worker;
  if (is_its && task->stream != nullptr) task->stream->take(item, out);
  return true;
}

bool TaskClient::stream_read(Time now, const StreamRead& read, ClientOutbox& out) {
  Task* task = find(read.task);
  if (task == nullptr) return false;
  if (task->stream == nullptr) return true;
  task->stream->read = read;
  if (const Lease* lease = find_lease(task->lease)) out.send(lease->worker.process, read);
  if (read.closed) cancel(now, read.task, /*force=*/false, /*recursive=*/true, out);
  return true;
}

}  // namespace Atoll
