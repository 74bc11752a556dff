#include "runtime/wire/ucx_dead_queue.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

namespace Atoll {
namespace {

constexpr std::size_t kCacheLine = 64;
constexpr std::uint64_t kArmed = std::uint64_t{1} << 63;  // UCT_MM_IFACE_FIFO_HEAD_EVENT_ARMED
constexpr std::uint64_t kMostElements = 1 << 20;

// uct_mm_fifo_ctl_t of UCX's uct/sm/mm/base/mm_iface.h, alike in 1.11 to 1.21: what the memory of a queue begins with.
struct __attribute__((packed)) QueueControl {
  std::uint64_t head;  // where to write next
  std::uint32_t signal_address_length;
  sockaddr_un signal_address;
  char padding[2 * kCacheLine - sizeof(std::uint64_t) - sizeof(std::uint32_t) - sizeof(sockaddr_un)];
  std::uint64_t tail;  // how much was consumed
  pid_t pid;           // of the owner, who consumes
};
static_assert(offsetof(QueueControl, tail) == 2 * kCacheLine);

bool is_queue_of(const QueueControl& control, const std::set<pid_t>& owners) {
  const std::uint64_t head = control.head & ~kArmed;
  return owners.contains(control.pid) && control.signal_address_length <= sizeof(sockaddr_un) &&
         control.signal_address.sun_family == AF_UNIX && control.tail <= head && head - control.tail <= kMostElements;
}

}  // namespace

int empty_dead_queues(const std::set<pid_t>& dead) {
  if (dead.empty()) return 0;
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/ucx_shm_posix_") == std::string::npos && line.find("/SYSV") == std::string::npos) continue;
    unsigned long begin = 0, end = 0;
    char access[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, access) != 3) continue;
    if (std::strcmp(access, "rw-s") != 0 || end - begin < sizeof(QueueControl)) continue;
    auto* control = reinterpret_cast<QueueControl*>(begin);  // NOLINT: the kernel says that it is mapped
    if (!is_queue_of(*control, dead)) continue;
    __atomic_store_n(&control->tail, control->head & ~kArmed, __ATOMIC_RELEASE);
    ++count;
  }
  return count;
}

}  // namespace Atoll
