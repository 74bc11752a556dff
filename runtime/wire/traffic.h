#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace Atoll {

// What a peer is to the process that counts.
enum class PeerClass : std::uint8_t { kHead, kDaemon, kWorker, kDriver, kOther };
inline constexpr std::array<const char*, 5> kPeerClasses = {"head", "daemon", "worker", "driver", "other"};

// Messages of a process with peers of one class, each way.
struct Traffic {
  std::uint64_t messages_in = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_out = 0;
};
using TrafficByClass = std::array<Traffic, kPeerClasses.size()>;

}  // namespace Atoll
