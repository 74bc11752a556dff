#pragma once

#include <cstdint>
#include <memory>

#include "runtime/client/call.h"

namespace Atoll {

// How far a stream of this process has come: kept by the caller of what fills it,
// across runs of that.
struct StreamProgress {
  explicit StreamProgress(TaskId task) : read{task, 0, false} {}

  // An item that came is passed on if it is the next and somebody still reads.
  void take(const StreamItem& item, ClientOutbox& out) {
    if (item.index != received || read.closed) return;
    ++received;
    out.items.push_back({item.task, std::make_shared<const std::string>(item.value)});
  }
  // What who fills it must be told when it begins anew.
  bool was_read() const { return read.items > 0; }

  std::uint64_t received = 0;
  StreamRead read;
};

}  // namespace Atoll
