#include "runtime/wire/codec.h"
#include "runtime/wire/msgpack_extent.h"
#include "runtime/wire/pack.h"

#include <array>
#include <iterator>
#include <utility>

namespace Atoll {
namespace {

// msgpack writes straight into the string that is sent.
struct StringStream {
  std::string& out;
  void write(const char* data, std::size_t size) { out.append(data, size); }
};

using Decoder = Message (*)(const msgpack::object&);

template <std::size_t kIndex>
Message decode_as(const msgpack::object& object) {
  std::variant_alternative_t<kIndex, MessageVariant> message;
  object.convert(message);
  return message;
}

template <std::size_t... kIndex>
constexpr auto make_decoders(std::index_sequence<kIndex...>) {
  return std::array<Decoder, sizeof...(kIndex)>{&decode_as<kIndex>...};
}

constexpr auto kDecoders =
    make_decoders(std::make_index_sequence<std::variant_size_v<MessageVariant>>());

static_assert(kDecoders.size() < 256, "the place of a message is one byte");

// Strings and blobs are viewed in place while decoding, not copied twice.
bool refer_in_place(msgpack::type::object_type, std::size_t, void*) { return true; }

msgpack::unpack_limit limits_for(std::size_t size) {
  // No container or string can hold more entries than the message has bytes.
  // The deepest message, StatusReport, nests 7 containers.
  return msgpack::unpack_limit(size, size, size, size, size, /*depth=*/16);
}

// Below this msgpack's own limits bound what an array header can make it allocate:
// 16 times the size in objects.
constexpr std::size_t kSmall = 4'096;

}  // namespace

std::string encode(const Message& message) {
  std::string bytes;
  bytes.reserve(128);
  bytes.push_back(static_cast<char>(message.index()));
  StringStream stream{bytes};
  std::visit([&stream](const auto& fields) { msgpack::pack(stream, fields); },
             message);
  return bytes;
}

Result<Message> decode(std::string_view bytes) {
  if (bytes.empty())
    return Status(Code::kInvalidArgument, "an empty message");
  const auto place = static_cast<unsigned char>(bytes[0]);
  if (place >= kDecoders.size())
    return Status(Code::kInvalidArgument,
                  "no message has number " + std::to_string(place));
  const std::string_view fields = bytes.substr(1);
  if (fields.size() > kSmall && !announces_what_it_has(fields))
    return Status(Code::kInvalidArgument, "message " + std::to_string(place) + " announces more than it has");
  try {
    // Its first chunk, of 8 KiB, is kept for the next message.
    thread_local msgpack::zone zone;
    zone.clear();
    std::size_t offset = 0;
    bool referenced = false;
    const msgpack::object object =
        msgpack::unpack(zone, fields.data(), fields.size(), offset, referenced,
                        &refer_in_place, nullptr, limits_for(fields.size()));
    if (offset != fields.size())
      return Status(Code::kInvalidArgument,
                    std::to_string(fields.size() - offset) +
                        " bytes follow the message");
    return kDecoders[place](object);
  } catch (const std::exception& error) {
    return Status(Code::kInvalidArgument,
                  "message " + std::to_string(place) + " does not decode: " +
                      error.what());
  }
}

const char* name_of(const Message& message) {
  static constexpr const char* kNames[] = {
      "Join", "Welcome", "Heartbeat", "HeartbeatAck", "Expelled", "Stop",
      "Attach", "Attached", "AttachRefused", "Detach", "EndJob", "GetJob",
      "JobReply", "GetProgram", "ProgramChunk", "LeaseRequest", "LeaseGrant",
      "LeaseRefused", "LeaseReturn", "LeaseLost", "PlaceRequest", "Placed",
      "Infeasible", "WorkerReady", "PushTask", "TaskDone", "CreateActor",
      "WatchActor", "NoSuchActor", "ActorUpdate", "KillActor", "StartActor",
      "ActorStarted", "ActorEnded", "StopActor", "InitActor", "InitActorDone",
      "CallActor", "FetchObject", "ObjectReady", "GetStatus", "StatusReport",
      "WorkerDied", "NodeDied", "LeaseCancel", "CreateGroup", "WatchGroup", "NoSuchGroup",
      "RemoveGroup", "GroupUpdate", "ReserveBundles", "BundlesReserved", "FreeBundles",
      "TasksReturned", "WorkerBlocked", "CancelTask", "CancelObject", "StreamItem", "StreamRead", "ActorLeaves",
      "Sync", "Synced", "ReturnTasks", "GetArena", "ArenaReply", "MakeRoom", "RoomMade", "RoomRefused", "SealCopy",
      "HoldCopy", "CopyHeld", "CopyGone", "LetGo", "LetGoIdle", "OwnCopies", "DropCopies", "CopyOrphaned", "OwnerGone",
      "ReadCopy", "CopyBytes", "CopyDropped", "CopyElsewhere", "CopyTaken",
      "GetPeers", "Peers", "GetState", "StateReport",
      "BorrowObjects", "ObjectsBorrowed", "ReturnObjects", "DoneWithRefs", "ItemWithRefs", "RefsTaken", "RecountRefs",
      "CopyLost", "ArgumentLost", "NameLease", "GetLogs", "LogList", "ReadLog", "LogBytes", "WorkerLastTry", "IsNeeded",
      "NeedReply", "GetTaskCounts", "TaskCounts", "TimelineChunk", "FlushTimeline", "GetTimeline", "TimelinePart",
      "GetClock", "ClockReply", "GatherState"};
  static_assert(std::size(kNames) == std::variant_size_v<MessageVariant>);
  return kNames[message.index()];
}

}  // namespace Atoll
