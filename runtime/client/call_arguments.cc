#include "runtime/client/call_arguments.h"

#include <algorithm>
#include <map>

#include "runtime/base/check.h"
#include "runtime/wire/location.h"

namespace Atoll {

CallArguments::CallArguments(std::vector<CallArgument> arguments, ObjectBook& book, ClientOutbox& out)
    : arguments_(std::move(arguments)) {
  for (const CallArgument& argument : arguments_)
    if (argument.is_object()) book.pin(argument.object, argument.owner, out);
}

CallArguments::State CallArguments::state(const ObjectBook& book) const {
  State state = State::kReady;
  for (const CallArgument& argument : arguments_) {
    if (!argument.is_object()) continue;
    const ObjectBook::Object* object = book.find(argument.object);
    if (object->settled && object->error) return State::kBroken;
    if (!object->settled) state = State::kWaiting;
  }
  return state;
}

std::vector<ObjectId> CallArguments::pending(const ObjectBook& book) const {
  std::vector<ObjectId> pending;
  for (const CallArgument& argument : arguments_)
    if (argument.is_object() && !book.find(argument.object)->settled) pending.push_back(argument.object);
  return pending;
}

ErrorInfo CallArguments::error(const ObjectBook& book) const {
  for (const CallArgument& argument : arguments_)
    if (argument.is_object() && book.find(argument.object)->error) return *book.find(argument.object)->error;
  ATOLL_CHECK(false, "no argument is broken");
  return {};
}

std::vector<std::string> CallArguments::encoded(const ObjectBook& book) const {
  std::vector<std::string> encoded;
  encoded.reserve(arguments_.size());
  for (const CallArgument& argument : arguments_) encoded.push_back(encoding_of(argument, book));
  return encoded;
}

const std::string& CallArguments::encoding_of(const CallArgument& argument, const ObjectBook& book) const {
  return argument.is_object() ? *book.find(argument.object)->value : *argument.value;
}

Contact CallArguments::keeper_of_most(const ObjectBook& book) const {
  std::map<ProcessId, std::uint64_t> bytes;
  Contact most;
  for (const CallArgument& argument : arguments_) {
    const std::string& encoding = encoding_of(argument, book);
    if (!is_location(encoding)) continue;
    const Result<Location> location = decode_location(encoding);
    if (!location.ok()) continue;
    bytes[location->keeper.process] += location->bytes;
    if (most.is_none() || bytes[location->keeper.process] > bytes[most.process]) most = location->keeper;
  }
  return most;
}

bool CallArguments::keep_any() const {
  return std::ranges::any_of(arguments_, [](const CallArgument& argument) { return argument.keep != nullptr; });
}

void CallArguments::lose(const CopyId& copy, const std::string& why, ObjectBook& book, ClientOutbox& out) const {
  for (const CallArgument& argument : arguments_)
    if (argument.is_object()) book.lose(argument.object, copy, why, out);
}

void CallArguments::lose_dead(ObjectBook& book, ClientOutbox& out) const {
  for (const CallArgument& argument : arguments_)
    if (argument.is_object()) book.lose_if_dead(argument.object, out);
}

std::vector<CallArgument> CallArguments::for_recipe(const ObjectBook& book) const {
  std::vector<CallArgument> kept;
  kept.reserve(arguments_.size());
  for (const CallArgument& argument : arguments_) {
    const Value value = argument.is_object() ? book.find(argument.object)->value : argument.value;
    if (value != nullptr && !is_location(*value))
      kept.push_back({value, {}, {}, argument.keep});
    else  // a copy, or one that was lost since
      kept.push_back({nullptr, argument.object, argument.owner, nullptr});
  }
  return kept;
}

void CallArguments::release(ObjectBook& book, ClientOutbox& out) {
  for (const CallArgument& argument : arguments_)
    if (argument.is_object()) book.unpin(argument.object, out);
  arguments_.clear();
}

}  // namespace Atoll
