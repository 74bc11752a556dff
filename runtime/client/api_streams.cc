// Streams of the public interface (include/atoll/stream.h).

#include <atoll/method_call.h>
#include <atoll/stream.h>

#include <algorithm>

#include <atoll/error.h>

#include "runtime/client/api_support.h"
#include "runtime/client/api_waits.h"
#include "runtime/client/process.h"
#include "runtime/client/timeline_marks.h"
#include "runtime/client/work_queue.h"

namespace Atoll {

void check_ahead(int items) {
  if (items < 1) throw Error("ahead: expected at least 1 item, not " + std::to_string(items));
}

namespace internal {
namespace {

// The call whose stream the calling thread fills.
RunningTask& filler() {
  RunningTask* task = running_task();
  if (task == nullptr || task->queue == nullptr) throw Error("a Stream yields only in a task or call; submit() its function");
  return *task;
}

}  // namespace

bool send_item(Encoded value) {
  RunningTask& task = filler();
  const bool goes_on = task.queue->send_item(task, std::move(value));
  throw_if_cancelled();
  return goes_on;
}

SentItem::SentItem(Encoded value) { filler().queue->post_item(filler(), std::move(value)); }
bool SentItem::await_ready() const { return filler().may_send(); }
void SentItem::await_suspend(std::coroutine_handle<> coroutine) { filler().queue->await_reader(filler(), coroutine); }
bool SentItem::await_resume() const {
  throw_if_cancelled();
  return !filler().closed;
}

// The task hears of what was read seldom, but long before it has to wait.
StreamReader::StreamReader(Handle result, int ahead)
    : result_(std::move(result)), batch_(static_cast<std::uint64_t>(std::max(1, ahead / 2))) {}

StreamReader::~StreamReader() {
  if (!has_runtime()) return;
  ClientRuntime& runtime = current_runtime();
  const TaskId stream = task_of(id_of<ObjectId>(result_->key()));
  runtime.streams().close(stream);
  runtime.post([read = StreamRead{stream, read_, true}](Time now, ClientCore& core, ClientOutbox& out) {
    core.stream_read(now, read, out);
  });
}

Handle StreamReader::next(Deadline deadline) {
  ClientRuntime& runtime = current_runtime();
  const TaskId stream = task_of(id_of<ObjectId>(result_->key()));
  const WaitMark mark(runtime, TimelineKind::kNext, "next", result_of(stream));
  std::optional<StreamValue> item = wait_in_task(
      deadline, [&](Deadline until) { return runtime.streams().next(stream, until); },
      [&](const std::optional<StreamValue>& found) { return found || is_settled(result_); });
  if (!item && !is_settled(result_)) throw TimeoutError("the stream's next item is not there, and the time allowed has passed");
  if (!item) {
    get_object(result_, std::nullopt);  // throws what became of the task
    return nullptr;
  }
  if (++read_ - told_ >= batch_) {
    told_ = read_;
    runtime.post([read = StreamRead{stream, read_, false}](Time now, ClientCore& core, ClientOutbox& out) {
      core.stream_read(now, read, out);
    });
  }
  return put_value(runtime, std::move(item->value), item->inside == nullptr ? std::vector<InsideRef>() : *item->inside);
}

}  // namespace internal
}  // namespace Atoll
