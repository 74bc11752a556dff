#include "runtime/wire/transport.h"

namespace Atoll {

Status check_message_size(ProcessId peer, std::size_t size) {
  if (size <= kMaxMessageBytes) return Status();
  return Status(Code::kInvalidArgument, "a message of " + std::to_string(size) + " bytes to process " +
                                            to_string(peer) + "; the limit is " + std::to_string(kMaxMessageBytes));
}

Status check_bulk_size(ProcessId peer, std::size_t head, std::size_t bytes) {
  if (head > 0 && head <= kMaxBulkHead && bytes > 0) return check_message_size(peer, bytes);
  return Status(Code::kInvalidArgument, "a message of " + std::to_string(head) + " bytes with " + std::to_string(bytes) +
                                            " behind it to process " + to_string(peer) + "; the first has 1 to " +
                                            std::to_string(kMaxBulkHead) + " and the second at least one");
}

Status unknown_process(ProcessId peer) {
  return Status(Code::kNotFound, "process " + to_string(peer) + " is not known here");
}

}  // namespace Atoll
