#pragma once

#include <atoll/backend.h>
#include <atoll/error.h>

#include "runtime/client/client_runtime.h"

namespace Atoll {

// What the files behind include/atoll/ share.

template <typename Id>
Id id_of(internal::Key key) {
  return {ProcessId(key.process), key.sequence};
}
template <typename Id>
internal::Key key_of(const Id& id) {
  return {static_cast<std::uint64_t>(id.process), id.sequence};
}

// Throws Error.
void throw_if_failed(const Status& status);
// Throws Error for what is not well formed.
Resources resources_of(const Needs& needs);
// Throws Error for labels that cannot be read, and for places that contradict each other.
PlaceStrategy strategy_of(const internal::Place& place);

// The arguments of a call, as the core takes them. Throws Error for an empty Ref among them.
std::vector<CallArgument> call_arguments(ClientRuntime& runtime, std::vector<internal::Argument> arguments);

// Of a stream: how many items may be unread. Throws Error.
void check_ahead(int items);

// The calling thread's own function, node and process, for errors that begin here.
ErrorOrigin origin_here();

// Makes sure that a handle counts: one that came from elsewhere keeps the object from then on.
void ensure_counted(ClientRuntime& runtime, const internal::Handle& handle);
// What is referred to, for those whom a value with these references inside is sent to.
std::vector<InsideRef> inside_refs(ClientRuntime& runtime, const std::vector<internal::Handle>& handles);
// Makes sure that a reference that came from elsewhere will be settled here.
// Throws Error for an empty one.
void ensure_known(ClientRuntime& runtime, const internal::Handle& handle);
// A handle to an actor that does not keep it.
internal::Handle uncounted_actor(internal::Key actor);
// A reference to an object that this process owns and will settle.
internal::Handle own_object(ClientRuntime& runtime, std::uint64_t sequence);

// A reference to a value that is there already, with these references inside.
internal::Handle put_value(ClientRuntime& runtime, Value value, std::vector<InsideRef> inside);
// Likewise, under a number of ours that was taken for it.
internal::Handle put_value(ClientRuntime& runtime, Value value, std::vector<InsideRef> inside, std::uint64_t sequence);

}  // namespace Atoll
