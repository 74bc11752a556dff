#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

namespace Atoll {

// A process of a cluster: 64 random bits chosen when it starts, never reused.
// 0 is nobody. A restarted worker or daemon is a new process.
enum class ProcessId : std::uint64_t { kNone = 0 };

// A node by its place in the cluster: the PMIx rank of its daemon.
enum class NodeId : std::uint32_t { kNone = 0xffffffff };

// Names something for the whole life of a cluster: the process that made it
// and a counter of that process, so that ids are unique without asking anyone
// and the owner of a thing can be read off its id.
template <typename Tag>
struct GlobalId {
  ProcessId process = ProcessId::kNone;
  std::uint64_t sequence = 0;

  bool is_none() const { return process == ProcessId::kNone; }
  friend auto operator<=>(const GlobalId&, const GlobalId&) = default;
};

using ObjectId = GlobalId<struct ObjectTag>;
using TaskId = GlobalId<struct TaskTag>;
using ActorId = GlobalId<struct ActorTag>;
using LeaseId = GlobalId<struct LeaseTag>;
using GroupId = GlobalId<struct GroupTag>;  // a placement group

// Hexadecimal, e.g. "4f1c09aa71b2e690"; ids add "-sequence".
std::string to_string(ProcessId id);
std::string to_string(std::uint64_t process, std::uint64_t sequence);

template <typename Tag>
std::string to_string(const GlobalId<Tag>& id) {
  return to_string(static_cast<std::uint64_t>(id.process), id.sequence);
}

inline std::ostream& operator<<(std::ostream& out, ProcessId id) {
  return out << to_string(id);
}
inline std::ostream& operator<<(std::ostream& out, NodeId id) {
  return out << static_cast<std::uint32_t>(id);
}
template <typename Tag>
std::ostream& operator<<(std::ostream& out, const GlobalId<Tag>& id) {
  return out << to_string(id);
}

// 64 bits from the kernel's random source, never 0.
ProcessId random_process_id();

}  // namespace Atoll

template <typename Tag>
struct std::hash<Atoll::GlobalId<Tag>> {
  std::size_t operator()(const Atoll::GlobalId<Tag>& id) const noexcept {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(id.process) ^
                                    (id.sequence * 0x9e3779b97f4a7c15ULL));
  }
};
