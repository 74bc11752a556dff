#pragma once

#include <cstdint>

#include "runtime/wire/state_messages.h"

namespace Atoll {

// Who can know of what a question asks for, read off its filters, so that nobody else is asked. Pure.
//
// NARROW-1 a task is known by who made it, which its id begins with: a filter on `id` or `owner` leaves those whom it
//          fits; what a process knows of an object, by that process: so does one on `process`. An object's id leaves
//          all, since whoever borrows it has a row of it, also one whose owner has not heard of that yet
// NARROW-2 workers and objects of a node are known by its daemon: a filter on `node` leaves that one

// Of tasks and refs: whether `process` can know of any. Filters of an id that is cut short leave all whom it fits.
bool may_know(const GetState& question, ProcessId process);
// Whether it is the only one that can: then no other need be asked.
bool is_named(const GetState& question, ProcessId process);
// Of workers and objects: whether there can be any on the node of that rank.
bool may_be_on(const GetState& question, std::uint32_t rank);

inline bool daemons_know(StateKind kind) { return kind == StateKind::kWorkers || kind == StateKind::kObjects; }
inline bool owners_know(StateKind kind) { return kind == StateKind::kTasks || kind == StateKind::kRefs; }

}  // namespace Atoll
