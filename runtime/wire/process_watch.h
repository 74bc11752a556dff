#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "runtime/base/fd.h"
#include "runtime/base/ids.h"
#include "runtime/base/status.h"

namespace Atoll {

// What names one process of one machine for ever: a pid alone is reused, and
// means another process in another namespace or container.
struct ProcessStamp {
  char boot_id[36];              // of the kernel, as /proc prints it
  std::uint64_t pid_namespace;   // inode number
  std::uint64_t start_time;      // in clock ticks since boot
  std::int64_t pid;

  static Result<ProcessStamp> of_this_process();
  // Whether the process with this stamp can be seen from here.
  bool is_beside(const ProcessStamp& here) const;
  // Whether its pid belongs to a later process by now. Valid beside it.
  bool is_pid_reused() const;
};

// Tells when processes of this machine end, at once and however they end, even
// while nobody has waited for them: over shared memory nothing else does.
class ProcessWatch {
 public:
  // `also` are descriptors that make fd() readable too.
  static Result<ProcessWatch> create(std::initializer_list<int> also);

  // Readable when a watched process has ended.
  int fd() const { return epoll_.get(); }

  // Begins to watch the process with `stamp`, under the name `who`. Returns
  // kNotFound if it has ended already, and another error if the kernel refuses
  // a descriptor; then it is not watched.
  Status watch(ProcessId who, const ProcessStamp& stamp);
  void forget(ProcessId who);
  // Whether `also`, one of create()'s, still makes fd() readable.
  void listen(int also, bool on);

  // Calls `ended` for each process that has ended since, and forgets it.
  void poll(const std::function<void(ProcessId)>& ended);
  bool empty() const { return watched_.empty(); }

 private:
  explicit ProcessWatch(Fd epoll) : epoll_(std::move(epoll)) {}

  Fd epoll_;
  std::unordered_map<ProcessId, Fd> watched_;
};

}  // namespace Atoll
