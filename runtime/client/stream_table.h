#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "runtime/client/call.h"
#include "runtime/client/io_turns.h"

namespace Atoll {

class ObjectTable;

// An item that nobody has read; the references inside are held while this lives. Null for most.
struct StreamValue {
  Value value;
  std::shared_ptr<const std::vector<InsideRef>> inside = nullptr;
};

// Where user threads wait for the items of streams, which a round of the client's
// I/O brings. Every method may be called by any thread.
class StreamTable {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  // `objects` knows when a stream's task has ended.
  StreamTable(IoTurns& turns, const ObjectTable& objects) : turns_(turns), objects_(objects) {}

  // There is a reader; items that come for a stream without one are dropped.
  void open(TaskId stream);
  void close(TaskId stream);
  void add(TaskId stream, StreamValue item);

  // The next item. None at the end of the task, whose result says more; or, with
  // the result still to come, at the deadline or when the calling task is cancelled.
  std::optional<StreamValue> next(TaskId stream, Deadline deadline);

 private:
  IoTurns& turns_;
  const ObjectTable& objects_;
  mutable std::mutex mutex_;
  std::unordered_map<TaskId, std::deque<StreamValue>> streams_;
};

}  // namespace Atoll
