#include "runtime/wire/worker_start.h"

#include "runtime/wire/base64.h"
#include "runtime/wire/pack.h"

namespace Atoll {

std::string encode_worker_start(const WorkerStart& start) {
  msgpack::sbuffer buffer;
  msgpack::pack(buffer, start);
  return to_base64({buffer.data(), buffer.size()});
}

Result<WorkerStart> decode_worker_start(const std::string& text) {
  Result<std::string> bytes = from_base64(text);
  if (!bytes.ok()) return bytes.status().prefixed(kWorkerVariable);
  try {
    return msgpack::unpack(bytes->data(), bytes->size())->as<WorkerStart>();
  } catch (const std::exception& error) {
    return Status(Code::kInvalidArgument, std::string(kWorkerVariable) + ": " + error.what());
  }
}

}  // namespace Atoll
