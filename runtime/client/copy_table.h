#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <atoll/encoded.h>

#include "runtime/client/call.h"
#include "runtime/client/io_turns.h"
#include "runtime/device/pinned_memory.h"
#include "runtime/objects/arena.h"
#include "runtime/wire/location.h"
#include "runtime/wire/object_messages.h"
#include "runtime/wire/secret.h"
#include "runtime/wire/transport.h"

namespace Atoll {

class ClientRuntime;

// Where user threads write large objects into the arena of their node and read them there; the node's daemon fetches those of
// other nodes. Where there is no room for that, or no arena, they are read into the process's own memory. Every method may be
// called by any thread; what waits does so as all in IoTurns.
//
// A copy that was read is held until the last value that refers to it is gone. Of this process's own objects copies are
// held as long as they live: to read one again asks nobody.
class CopyTable {
 public:
  CopyTable(ClientRuntime& runtime, const Secret& secret) : runtime_(runtime), secret_(secret) {}

  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  // Whether the node has object memory that this process can use; asks its daemon at first.
  bool available();

  // Writes `value` as `object`, for `owner`, and returns its location, encoded. Waits for room. kResourceExhausted if
  // there is none to be had, kDiskFull if only the disk keeps others from being spilled.
  Result<std::string> write(ObjectId object, ProcessId owner, const internal::Encoded& value);

  // What is at an encoded location; kNotFound if it is gone, kTimedOut, and as write() if it lies on disk and there is no room
  // to read it back. `is_own`: an object that this process owns.
  Result<internal::Bytes> read(std::string_view location, bool is_own, Deadline deadline);

  // The node's object memory as this process can copy from and to it by CUDA; null if there is none. It is as good as a
  // connection, and is set up by the first call.
  PinnedMemory* pinned(const cuda::Functions& functions);
  // What is read at `at` in the node's object memory, where it could be written; null if it does not lie there.
  char* writable(const char* at);

  // Values that are still looked at get memory of their own: the node's may be given to others from now on.
  void close();

  // The rest in a round of the I/O.
  void take(CopyAnswer answer);
  // Where the part goes that is coming: what was read already stays, also when nobody waits any more.
  Place place_for(ProcessId from, const CopyBytes& part);
  // An own object is gone. How often its copy is to be let go of now.
  std::uint32_t forget(ProcessId keeper, std::uint64_t copy);
  // Copies that nobody here looks at: they are to be let go of, each as often as it is there.
  std::vector<std::uint64_t> take_idle();

 private:
  struct Held {
    std::uint64_t local = 0;  // as the home daemon numbers it
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::uint32_t holds = 0;  // as the daemon counts them
    std::uint32_t uses = 0;   // values that refer to it
    bool is_kept = false;     // while its object lives
  };
  // A question that is under way. Nobody waits for its answer any more: what it brings is to be let go of.
  struct Question {
    std::optional<CopyAnswer> answer;
    bool is_abandoned = false;
    ProcessId asked = ProcessId::kNone;
    std::optional<ReadCopy> part = {};    // that is asked for
    std::shared_ptr<char[]> memory = {};  // of the whole that the part is of
  };
  class Use;

  Status open();
  std::uint64_t ask(const Contact& daemon, Message question, std::shared_ptr<char[]> memory = nullptr);
  Result<CopyAnswer> wait(std::uint64_t number, Deadline deadline);
  template <typename Asked>
  Result<CopyAnswer> ask_and_wait(const Contact& daemon, Asked question, Deadline deadline);
  Result<internal::Bytes> read_here(const Location& location, bool is_own, Deadline deadline);
  Result<internal::Bytes> read_far(const Location& location, Deadline deadline);
  Status read_parts(const Location& location, const std::shared_ptr<char[]>& memory, Deadline deadline);
  internal::Bytes use(const CopyId& key, Held& held);
  void end_use(const CopyId& key);
  void say(ProcessId keeper, Message message);

  ClientRuntime& runtime_;
  const Secret secret_;
  std::mutex open_mutex_;
  std::atomic<bool> opened_{false};  // or found that there is none
  std::shared_ptr<Arena> arena_;     // constant once opened_

  std::mutex pinned_mutex_;
  std::unique_ptr<PinnedMemory> pinned_;  // goes before the arena

  std::mutex mutex_;
  std::uint64_t next_number_ = 1;
  std::unordered_map<std::uint64_t, Question> questions_;
  std::map<CopyId, Held> held_;  // in the home daemon's arena
};

}  // namespace Atoll
