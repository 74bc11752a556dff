#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/task_messages.h"

// The messages of objects; messages.h has the rules.
namespace Atoll {

// A reference inside a value: to which object, and where its owner is.
struct InsideRef {
  ObjectId object;
  Contact owner;
  ATOLL_MESSAGE_FIELDS(object, owner)
};

// client -> owner: answered when the object is ready.
struct FetchObject {
  ObjectId object;
  ATOLL_MESSAGE_FIELDS(object)
};
// `value` is a value's encoding or a location's (location.h).
struct ObjectReady {
  ObjectId object;
  std::string value;
  std::optional<ErrorInfo> error;
  std::vector<InsideRef> inside = {};  // of the value
  ATOLL_MESSAGE_FIELDS(object, value, error, inside)
};

// Who has references to another's objects is their borrower, and says so itself (client/borrow_book.h has the rules).

// borrower -> owner: it has references to these. Answered by ObjectsBorrowed.
struct BorrowObjects {
  std::uint64_t request = 0;  // of the borrower's own counting
  NodeId node = NodeId::kNone;  // the borrower's
  std::vector<ObjectId> objects;
  bool all = false;  // it has none to other objects of the owner
  ATOLL_MESSAGE_FIELDS(request, node, objects, all)
};
struct ObjectsBorrowed {
  std::uint64_t request = 0;
  ATOLL_MESSAGE_FIELDS(request)
};
// borrower -> owner: it has none to these any more.
struct ReturnObjects {
  std::vector<ObjectId> objects;
  ATOLL_MESSAGE_FIELDS(objects)
};
// worker -> client: a TaskDone that says more. `inside` are the references in its value: the worker keeps those that are not
// the client's until RefsTaken. `kept` are objects of the client that the worker has references to from now on.
struct DoneWithRefs {
  TaskDone done;
  std::vector<InsideRef> inside;
  NodeId node = NodeId::kNone;  // the worker's
  std::vector<ObjectId> kept;
  ATOLL_MESSAGE_FIELDS(done, inside, node, kept)
};
// worker -> client: likewise an item of a stream.
struct ItemWithRefs {
  StreamItem item;
  std::vector<InsideRef> inside;
  ATOLL_MESSAGE_FIELDS(item, inside)
};
// A result, or an item of a stream, with references inside.
struct PassedValue {
  TaskId task;
  std::uint64_t item = 0;  // counted from 1; 0: the result
  ATOLL_MESSAGE_FIELDS(task, item)
  friend auto operator<=>(const PassedValue&, const PassedValue&) = default;
};
// client -> worker: the owners of the references in it know of the client, or it wants none. `kept` as in DoneWithRefs: of the
// worker.
struct RefsTaken {
  PassedValue value;
  NodeId node = NodeId::kNone;  // the client's
  std::vector<ObjectId> kept;
  ATOLL_MESSAGE_FIELDS(value, node, kept)
};
// Either way, after a connection was lost: the receiver says anew which objects of the sender it has references to
// (BorrowObjects), and which of these values, that the sender passed to it, it has taken (RefsTaken).
struct RecountRefs {
  std::vector<PassedValue> passed;
  ATOLL_MESSAGE_FIELDS(passed)
};

// reader -> owner: the copy that was the object's value cannot be read any more. Answered by ObjectReady when the object has
// another value, or why it has none.
struct CopyLost {
  ObjectId object;
  ProcessId keeper = ProcessId::kNone;
  std::uint64_t copy = 0;  // as the keeper numbers it
  std::string why;
  ATOLL_MESSAGE_FIELDS(object, keeper, copy, why)
};

// Large objects are copies in the arena of a node, which its daemon keeps. `copy` is the daemon's number of one, given
// once. Who may read or write a copy holds it, as often as it asked; the daemon frees it when nobody holds it and its
// owner has dropped it, and lets go for processes that end. For its own processes a daemon fetches copies of other nodes'
// copies.

// client -> daemon, before all that follows: where is the node's arena?
struct GetArena {
  ATOLL_MESSAGE_FIELDS()
};
// `socket` is a path at which it is handed out (arena_door.h); empty: there is none, and `why`.
struct ArenaReply {
  std::string socket;
  std::uint64_t bytes = 0;
  std::string why;
  ATOLL_MESSAGE_FIELDS(socket, bytes, why)
};

// client -> daemon: room for `object`, which `owner` owns. Answered by RoomMade, perhaps when others have dropped
// theirs, or by RoomRefused. The client holds the copy and writes it.
struct MakeRoom {
  std::uint64_t request = 0;  // of the client's own counting
  ObjectId object;
  ProcessId owner = ProcessId::kNone;
  std::uint64_t bytes = 0;
  std::string owner_address = {};  // by which the daemon can ask it (CopyOrphaned); empty: the client is the owner
  ATOLL_MESSAGE_FIELDS(request, object, owner, bytes, owner_address)
};
struct RoomMade {
  std::uint64_t request = 0;
  std::uint64_t copy = 0;
  std::uint64_t offset = 0;  // in the arena
  ATOLL_MESSAGE_FIELDS(request, copy, offset)
};
struct RoomRefused {
  std::uint64_t request = 0;
  std::string why;
  bool no_disk = false;  // others could have been spilled, but for the disk
  ATOLL_MESSAGE_FIELDS(request, why, no_disk)
};
// client -> daemon: it is written, and will not change.
struct SealCopy {
  std::uint64_t copy = 0;
  ATOLL_MESSAGE_FIELDS(copy)
};

// client -> daemon, or daemon -> daemon: it wants to read the copy. Answered by CopyHeld, perhaps when it was read back
// from disk, or by CopyGone. With `ahead` the client only may want to, later: its daemon fetches the copy if nobody else
// has to give way for it there or here, and answers nothing.
struct HoldCopy {
  std::uint64_t request = 0;
  std::uint64_t copy = 0;   // as `keeper` numbers it
  Contact keeper = {};      // none: who is asked. Another daemon: a client asks its own for a copy of that
  std::uint64_t bytes = 0;  // if there is a keeper
  Contact copier = {};      // a daemon that will keep a copy of it and hear when it is dropped: who asks; else none
  bool ahead = false;       // only with a keeper or a copier: what is on disk stays there
  ATOLL_MESSAGE_FIELDS(request, copy, keeper, bytes, copier, ahead)
};
struct CopyHeld {
  std::uint64_t request = 0;
  std::uint64_t copy = 0;  // as who answers numbers it
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  ObjectId object = {};  // whose value it is
  ATOLL_MESSAGE_FIELDS(request, copy, offset, bytes, object)
};
struct CopyGone {
  std::uint64_t request = 0;
  std::string why;
  bool no_room = false;  // it is not gone: there was no room for a copy of it on the client's node, or to read it back from disk
  bool no_disk = false;  // as in RoomRefused
  ATOLL_MESSAGE_FIELDS(request, why, no_room, no_disk)
};
// daemon -> copier: it is to be read from that daemon, which numbers it so. The copier asks the first again if that fails.
struct CopyElsewhere {
  std::uint64_t request = 0;
  Contact source;
  std::uint64_t copy = 0;
  ATOLL_MESSAGE_FIELDS(request, source, copy)
};
// copier -> daemon: it has all of the copy now and numbers it so; 0: it does not want it any more.
struct CopyTaken {
  std::uint64_t copy = 0;
  std::uint64_t here = 0;
  ATOLL_MESSAGE_FIELDS(copy, here)
};
// client or daemon -> daemon of another node: bytes of a copy that it holds. Answered by CopyBytes, or CopyGone.
struct ReadCopy {
  std::uint64_t request = 0;
  std::uint64_t copy = 0;
  std::uint64_t from = 0;   // in the copy
  std::uint64_t bytes = 0;  // at most kMostRead
  ATOLL_MESSAGE_FIELDS(request, copy, from, bytes)
};
inline constexpr std::uint64_t kMostRead = std::uint64_t{4} << 20;
// The bytes are the message's bulk (transport.h).
struct CopyBytes {
  std::uint64_t request = 0;
  std::uint64_t from = 0;
  std::uint64_t bytes = 0;
  ATOLL_MESSAGE_FIELDS(request, from, bytes)
};
// daemon -> copiers of this copy: its owner dropped it.
struct CopyDropped {
  std::uint64_t copy = 0;
  ATOLL_MESSAGE_FIELDS(copy)
};
// client -> daemon: it holds these once less. What was not sealed is given up.
struct LetGo {
  std::vector<std::uint64_t> copies;
  ATOLL_MESSAGE_FIELDS(copies)
};
// daemon -> client: there is too little room; let go of what is held and not used.
struct LetGoIdle {
  ATOLL_MESSAGE_FIELDS()
};

// owner -> daemon: it has heard of the copies, and lives; they are its own until it drops them.
struct OwnCopies {
  std::vector<std::uint64_t> copies;
  ATOLL_MESSAGE_FIELDS(copies)
};
// owner -> daemon: nobody refers to them any more.
struct DropCopies {
  std::vector<std::uint64_t> copies;
  ATOLL_MESSAGE_FIELDS(copies)
};
// daemon -> owner: the maker of this copy may not have told of it. Answered by OwnCopies or DropCopies.
struct CopyOrphaned {
  ObjectId object;
  std::uint64_t copy = 0;
  ATOLL_MESSAGE_FIELDS(object, copy)
};
// client -> its daemon: its connection to `owner`, for whom it made copies, is lost: the owner may not have heard of them.
struct OwnerGone {
  ProcessId owner = ProcessId::kNone;
  ATOLL_MESSAGE_FIELDS(owner)
};

}  // namespace Atoll
