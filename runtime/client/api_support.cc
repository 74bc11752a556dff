#include "runtime/client/api_support.h"

#include <unistd.h>

#include <atoll/cluster.h>
#include <atoll/error.h>

#include "runtime/client/connect.h"
#include "runtime/client/running_task.h"
#include "runtime/scheduler/label_selector.h"

namespace Atoll {
namespace {

Fixed fixed_of(double amount, const char* what) {
  const Result<Fixed> fixed = Fixed::from_double(amount);
  if (!fixed.ok()) throw Error(std::string(what) + ": " + fixed.status().message());
  return *fixed;
}

}  // namespace

void throw_if_failed(const Status& status) {
  if (status.ok()) return;
  throw Error(status.message());
}

Resources resources_of(const Needs& needs) {
  Resources resources;
  resources.cpu = fixed_of(needs.cpus, "cpus");
  resources.gpu = fixed_of(needs.gpus, "gpus");
  resources.memory = needs.memory;
  for (const auto& [name, amount] : needs.custom) resources.custom[name] = fixed_of(amount, name.c_str());
  throw_if_failed(check_request(resources));
  return resources;
}

std::vector<CallArgument> call_arguments(ClientRuntime& runtime, std::vector<internal::Argument> arguments) {
  std::vector<CallArgument> converted;
  for (internal::Argument& argument : arguments) {
    CallArgument each;
    if (argument.object != nullptr) {
      ensure_known(runtime, argument.object);
      each.object = id_of<ObjectId>(argument.object->key());
      if (each.object.process != runtime.self().process) each.owner = decode_contact(argument.object->owner()).value();
      if (argument.inside.empty())
        each.keep = argument.object;
      else
        each.keep = std::make_shared<const std::pair<internal::Handle, std::vector<internal::Handle>>>(
            std::move(argument.object), std::move(argument.inside));
    } else {
      each.value = std::make_shared<const std::string>(std::move(argument.value));
      if (!argument.inside.empty())
        each.keep = std::make_shared<const std::vector<internal::Handle>>(std::move(argument.inside));
    }
    converted.push_back(std::move(each));
  }
  return converted;
}

ErrorOrigin origin_here() {
  ErrorOrigin origin;
  if (const RunningTask* task = running_task()) origin.function = task->function;
  origin.node = this_worker().node;
  origin.process = static_cast<std::uint64_t>(::getpid());
  return origin;
}

PlaceStrategy strategy_of(const internal::Place& place) {
  const bool in_group = place.group != internal::Key();
  const bool on_node = !place.node.empty();
  if (in_group && (place.spread || on_node || !place.labels.empty()))
    throw Error("in() a placement group and spread(), on_node() or where() exclude each other: "
                "its bundles have their nodes");
  if (place.spread && on_node) throw Error("spread() and on_node() exclude each other; choose one");
  if (place.labels.empty() && !place.otherwise.empty())
    throw Error("or_where() goes with where(): it says what labels to try when no node that has those has room");
  throw_if_failed(parse_selector(place.labels).status());
  for (const auto& labels : place.otherwise) throw_if_failed(parse_selector(labels).status());
  return {place.spread, place.node, place.affinity == Affinity::kSoft, place.labels, place.otherwise};
}

internal::Handle uncounted_actor(internal::Key actor) {
  return std::make_shared<const internal::ObjectHandle>(actor, std::make_shared<const std::string>());
}

internal::Handle own_object(ClientRuntime& runtime, std::uint64_t sequence) {
  const ObjectId id{runtime.self().process, sequence};
  runtime.table().expect(id);
  auto handle = std::make_shared<const internal::ObjectHandle>(key_of(id), runtime.self_text());
  handle->count_once();
  handle->ask_once();
  return handle;
}

internal::Handle put_value(ClientRuntime& runtime, Value value, std::vector<InsideRef> inside) {
  const std::uint64_t sequence = runtime.next_sequence();
  return put_value(runtime, std::move(value), std::move(inside), sequence);
}

internal::Handle put_value(ClientRuntime& runtime, Value value, std::vector<InsideRef> inside, std::uint64_t sequence) {
  internal::Handle handle = own_object(runtime, sequence);
  const ObjectId id = id_of<ObjectId>(handle->key());
  runtime.table().settle({id, value, std::nullopt});
  runtime.post([id, value, inside = std::move(inside)](Time now, ClientCore& core, ClientOutbox& out) {
    core.put(now, id, value, out, inside);
  });
  return handle;
}

void ensure_counted(ClientRuntime& runtime, const internal::Handle& handle) {
  RunningTask* task = running_task();
  if (task != nullptr) task->got_refs = true;
  if (!handle->count_once()) return;
  const ObjectId id = id_of<ObjectId>(handle->key());
  const Result<Contact> owner = decode_contact(handle->owner());
  throw_if_failed(owner.status());
  if (!runtime.table().expect(id)) return;
  runtime.post([id, owner = *owner, tell = task == nullptr](Time, ClientCore& core, ClientOutbox& out) {
    core.adopt(id, owner, tell, out);
  });
}

void ensure_known(ClientRuntime& runtime, const internal::Handle& handle) {
  if (handle == nullptr) throw Error("an empty Ref refers to nothing");
  if (!handle->ask_once()) return;
  ensure_counted(runtime, handle);
  const Result<Contact> owner = decode_contact(handle->owner());
  throw_if_failed(owner.status());
  runtime.post([id = id_of<ObjectId>(handle->key()), owner = *owner](Time, ClientCore& core, ClientOutbox& out) {
    core.fetch(id, owner, out);
  });
}

std::vector<InsideRef> inside_refs(ClientRuntime& runtime, const std::vector<internal::Handle>& handles) {
  std::vector<InsideRef> refs;
  refs.reserve(handles.size());
  for (const internal::Handle& handle : handles) {
    ensure_counted(runtime, handle);
    refs.push_back({id_of<ObjectId>(handle->key()), decode_contact(handle->owner()).value()});
  }
  return refs;
}

}  // namespace Atoll
