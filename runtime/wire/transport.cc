#include "runtime/wire/transport.h"

namespace Atoll {

Status check_message_size(ProcessId peer, std::size_t size) {
  if (size <= kMaxMessageBytes) return Status();
  return Status(Code::kInvalidArgument, "a message of " + std::to_string(size) + " bytes to process " +
                                            to_string(peer) + "; the limit is " + std::to_string(kMaxMessageBytes));
}

}  // namespace Atoll
