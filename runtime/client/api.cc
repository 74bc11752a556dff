// The public interface (include/atoll/) over the client's runtime.

#include <atoll/atoll.h>

#include <unistd.h>

#include <cstdlib>

#include "runtime/client/api_support.h"
#include "runtime/client/connect.h"
#include "runtime/client/errors.h"
#include "runtime/wire/worker_start.h"

namespace Atoll {
namespace {

std::vector<CallArgument> call_arguments(ClientRuntime& runtime, std::vector<internal::Argument> arguments) {
  std::vector<CallArgument> converted;
  for (internal::Argument& argument : arguments) {
    CallArgument each;
    if (argument.object != nullptr) {
      ensure_known(runtime, argument.object);
      each.object = id_of<ObjectId>(argument.object->key());
      each.owner = decode_contact(argument.object->owner()).value();
      each.keep = argument.object;
    } else {
      each.value = std::make_shared<const std::string>(std::move(argument.value));
      if (!argument.inside.empty())
        each.keep = std::make_shared<const std::vector<internal::Handle>>(std::move(argument.inside));
    }
    converted.push_back(std::move(each));
  }
  return converted;
}

[[noreturn]] void throw_timeout() { throw TimeoutError("the object is not ready, and the time allowed has passed"); }

}  // namespace

namespace internal {
namespace {
thread_local std::vector<Handle>* collecting = nullptr;
}  // namespace

HandleCollector::HandleCollector(std::vector<Handle>& handles) : outer_(collecting) { collecting = &handles; }
HandleCollector::~HandleCollector() { collecting = outer_; }

void HandleCollector::note(const Handle& handle) {
  if (handle == nullptr) throw Error("an empty Ref cannot be sent");
  if (collecting != nullptr) collecting->push_back(handle);
}

ObjectHandle::~ObjectHandle() {
  if (!has_runtime()) return;
  ClientRuntime& runtime = current_runtime();
  const ObjectId id = id_of<ObjectId>(key_);
  if (count_once()) return;  // it never was counted
  if (!runtime.table().forget(id)) return;
  runtime.post([id](Time, ClientCore& core, ClientOutbox&) { core.drop(id); });
}

Handle submit_task(const std::string& function, std::vector<Argument> arguments, const Needs& needs,
                   const Place& place, int retries) {
  ClientRuntime& runtime = current_runtime();
  TaskSpec spec;
  spec.shape = {resources_of(needs), id_of<GroupId>(place.group), place.bundle, strategy_of(place)};
  spec.task = {runtime.self().process, runtime.next_sequence()};
  spec.function = function;
  spec.retries = retries;
  spec.arguments = call_arguments(runtime, std::move(arguments));
  Handle result = own_object(runtime, spec.task.sequence);
  runtime.post([spec = std::move(spec)](Time now, ClientCore& core, ClientOutbox& out) {
    core.submit(now, spec, out);
  });
  return result;
}

Key create_actor(const std::string& class_name, std::vector<Argument> arguments, const Needs& needs,
                 const Place& place, const std::string& name, int max_restarts) {
  ClientRuntime& runtime = current_runtime();
  ActorSpec spec;
  spec.shape = resources_of(needs);
  spec.actor = {runtime.self().process, runtime.next_sequence()};
  spec.job = runtime.job();
  spec.class_name = class_name;
  spec.name = name;
  spec.max_restarts = max_restarts;
  spec.group = id_of<GroupId>(place.group);
  spec.bundle = place.bundle;
  spec.strategy = strategy_of(place);
  const Key key = key_of(spec.actor);
  runtime.table().expect_actor(spec.actor);
  runtime.post([spec, converted = call_arguments(runtime, std::move(arguments))](Time, ClientCore& core, ClientOutbox& out) {
    core.create_actor(spec, converted, out);
  });
  return key;
}

Handle call_actor(Key actor, const std::string& method, std::vector<Argument> arguments) {
  ClientRuntime& runtime = current_runtime();
  ActorCallSpec spec;
  spec.task = {runtime.self().process, runtime.next_sequence()};
  spec.actor = id_of<ActorId>(actor);
  spec.method = method;
  spec.arguments = call_arguments(runtime, std::move(arguments));
  Handle result = own_object(runtime, spec.task.sequence);
  runtime.post([spec = std::move(spec)](Time now, ClientCore& core, ClientOutbox& out) {
    core.call_actor(now, spec, out);
  });
  return result;
}

void kill_actor(Key actor) {
  current_runtime().post([id = id_of<ActorId>(actor)](Time, ClientCore& core, ClientOutbox& out) { core.kill_actor(id, out); });
}

Key find_actor(const std::string& name) {
  ClientRuntime& runtime = current_runtime();
  runtime.post([name](Time, ClientCore& core, ClientOutbox& out) { core.find_actor(name, out); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const std::optional<ActorUpdate> found = runtime.table().wait_name(name, deadline);
  if (!found) throw ClusterLostError("the cluster's head did not answer within 10 s");
  if (found->actor.is_none()) throw ActorDiedError("no living actor is called '" + name + "'");
  return key_of(found->actor);
}

void wait_for_actor(Key actor, Deadline deadline) {
  ClientRuntime& runtime = current_runtime();
  const ActorId id = id_of<ActorId>(actor);
  runtime.post([id](Time, ClientCore& core, ClientOutbox& out) { core.watch_actor(id, out); });
  const std::optional<ActorUpdate> update = runtime.table().wait_actor(id, deadline);
  if (!update) throw TimeoutError("the actor is not up, and the time allowed has passed");
  if (update->state == ActorState::kDead) throw_error(update->error.value_or(ErrorInfo{}));
}

Handle put_object(std::string value) {
  ClientRuntime& runtime = current_runtime();
  Handle handle = own_object(runtime, runtime.next_sequence());
  const ObjectId id = id_of<ObjectId>(handle->key());
  auto shared = std::make_shared<const std::string>(std::move(value));
  runtime.table().settle({id, shared, std::nullopt});
  runtime.post([id, shared](Time now, ClientCore& core, ClientOutbox& out) { core.put(now, id, shared, out); });
  return handle;
}

std::shared_ptr<const std::string> get_object(const Handle& object, Deadline deadline) {
  ClientRuntime& runtime = current_runtime();
  ensure_known(runtime, object);
  const std::optional<ObjectTable::Settled> settled = runtime.table().wait(id_of<ObjectId>(object->key()), deadline);
  if (!settled) throw_timeout();
  if (settled->error) throw_error(*settled->error);
  return settled->value;
}

std::vector<bool> wait_for_objects(const std::vector<Handle>& objects, std::size_t count, Deadline deadline) {
  ClientRuntime& runtime = current_runtime();
  std::vector<ObjectId> ids;
  for (const Handle& object : objects) {
    ensure_known(runtime, object);
    ids.push_back(id_of<ObjectId>(object->key()));
  }
  return runtime.table().wait_any(ids, count, deadline);
}

}  // namespace internal

// ---------------------------------------------------------------- cluster.h

struct Cluster::State {
  std::unique_ptr<Connection> connection;
  std::string name;

  // What callbacks there are still see the cluster if their objects are settled,
  // and ClusterLostError if they are not.
  ~State() {
    if (connection == nullptr) return;
    ObjectTable& table = connection->runtime().table();
    table.callbacks().drain();
    set_current_runtime(nullptr);
    table.close();
  }
};

Cluster::Cluster(std::unique_ptr<State> state) : state_(std::move(state)) {}
Cluster::Cluster(Cluster&&) noexcept = default;
Cluster& Cluster::operator=(Cluster&&) noexcept = default;
Cluster::~Cluster() = default;

const std::string& Cluster::name() const { return state_->name; }

std::vector<NodeView> Cluster::nodes() const {
  const Result<StatusReport> report = state_->connection->status(now() + std::chrono::seconds(10));
  if (!report.ok()) throw ClusterLostError(report.status().message());
  std::vector<NodeView> nodes;
  for (const NodeStatus& node : report->nodes)
    nodes.push_back({node.info.name, node.state == NodeState::kAlive, node.info.total.cpu.to_double(),
                     node.info.total.gpu.to_double(), node.info.total.memory, node.usage.tasks_leased});
  return nodes;
}

namespace {

WorkerView& worker_view() {
  static WorkerView view;
  return view;
}

void set_worker_view(const std::string& start_text) {
  const Result<WorkerStart> start = decode_worker_start(start_text);
  if (!start.ok()) return;  // run_worker_process says why
  WorkerView& view = worker_view();
  view.is_worker = true;
  view.node = start->binding.node;
  view.cpus = start->binding.cpus;
  view.numa = start->binding.numa;
  view.nics = start->binding.nics;
  view.bundle = start->binding.bundle;
  view.bundles = static_cast<int>(start->binding.bundles);
  view.group = start->binding.group;
  for (const GpuRecord& gpu : start->binding.gpus) view.gpus.push_back({gpu.index, gpu.uuid, gpu.model, gpu.numa});
}

}  // namespace

const WorkerView& this_worker() { return worker_view(); }

Cluster connect(int, char**, std::chrono::seconds timeout) {
  if (const char* start = std::getenv(kWorkerVariable)) {
    const std::string text = start;
    ::unsetenv(kWorkerVariable);  // what the user's code starts is no worker
    set_worker_view(text);
    run_worker_process(text);
  }
  if (has_runtime()) throw Error("this process is connected already; keep the first Cluster instead of connecting again");
  const Time deadline = now() + timeout;
  const Result<Session> session = wait_for_session(current_environment(), deadline);
  if (!session.ok()) throw ClusterLostError(session.status().message());
  Result<std::unique_ptr<Connection>> connection = Connection::open(*session, ClientKind::kDriver, deadline);
  if (!connection.ok()) throw ClusterLostError(connection.status().message());
  auto state = std::make_unique<Cluster::State>();
  state->connection = std::move(*connection);
  state->name = state->connection->attached().cluster;
  set_current_runtime(&state->connection->runtime());
  return Cluster(std::move(state));
}

}  // namespace Atoll
