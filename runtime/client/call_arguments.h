#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/client/object_book.h"

namespace Atoll {

// The arguments of a call while it waits for the objects among them. The
// objects are pinned from prepare() to release().
class CallArguments {
 public:
  CallArguments() = default;
  CallArguments(std::vector<CallArgument> arguments, ObjectBook& book, ClientOutbox& out);

  // kWaiting: an object is pending. kBroken: one is an error, see error().
  enum class State { kReady, kWaiting, kBroken };
  State state(const ObjectBook& book) const;
  // The objects that are not settled; one that is an argument twice, twice.
  std::vector<ObjectId> pending(const ObjectBook& book) const;
  // The error of the first broken object.
  ErrorInfo error(const ObjectBook& book) const;
  // The encoded arguments, when ready.
  std::vector<std::string> encoded(const ObjectBook& book) const;
  // The daemon in whose node's memory most bytes of the arguments lie; none if none lie in any. When ready.
  Contact keeper_of_most(const ObjectBook& book) const;
  // Whether there are references among them, or inside.
  bool keep_any() const;
  // Those of the objects whose value is this copy, or one on a node that died, are lost.
  void lose(const CopyId& copy, const std::string& why, ObjectBook& book, ClientOutbox& out) const;
  void lose_dead(ObjectBook& book, ClientOutbox& out) const;
  // As a Recipe has them. When ready.
  std::vector<CallArgument> for_recipe(const ObjectBook& book) const;
  // Unpins the objects; the call is done with.
  void release(ObjectBook& book, ClientOutbox& out);

 private:
  const std::string& encoding_of(const CallArgument& argument, const ObjectBook& book) const;

  std::vector<CallArgument> arguments_;
};

}  // namespace Atoll
