#pragma once

#include <string>

#include "runtime/base/status.h"
#include "runtime/wire/messages.h"

namespace Atoll {

// What a node daemon tells a worker process that it starts: as a string in
// ATOLL_WORKER. The secret is not in it; it comes through the descriptor
// `secret_fd`, as 64 hexadecimal digits, and is read once.
struct WorkerStart {
  Contact self;  // without an address
  Contact daemon;
  Contact head;
  ProcessId job = ProcessId::kNone;
  std::string build_id;  // of the driver's program
  std::int32_t secret_fd = -1;
  WorkerBinding binding;
  ATOLL_MESSAGE_FIELDS(self, daemon, head, job, build_id, secret_fd, binding)
};

inline constexpr const char* kWorkerVariable = "ATOLL_WORKER";

std::string encode_worker_start(const WorkerStart& start);
Result<WorkerStart> decode_worker_start(const std::string& text);

}  // namespace Atoll
