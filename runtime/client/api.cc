// The public interface (include/atoll/) over the client's runtime.

#include <atoll/atoll.h>

#include <unistd.h>

#include <cstdlib>

#include "runtime/client/api_support.h"
#include "runtime/client/connect.h"
#include "runtime/client/running_task.h"
#include "runtime/client/warm.h"
#include "runtime/wire/fork_channel.h"
#include "runtime/wire/worker_start.h"

namespace Atoll {
namespace internal {

void note_ref(const Handle& handle) {
  if (handle == nullptr) throw Error("an empty Ref cannot be sent");
  if (encoding != nullptr) encoding->note(handle);
}

Handle received_ref(Key key, std::string owner) {
  auto handle = std::make_shared<const ObjectHandle>(key, std::make_shared<const std::string>(std::move(owner)));
  if (has_runtime()) ensure_counted(current_runtime(), handle);
  return handle;
}

void note_actor(const Handle& handle) {
  if (handle != nullptr && !handle->owner().empty()) note_ref(handle);
}

Handle received_actor(Key key, std::string owner) {
  if (key == Key()) return nullptr;
  return owner.empty() ? uncounted_actor(key) : received_ref(key, std::move(owner));
}

ObjectHandle::~ObjectHandle() {
  if (!has_runtime()) return;
  ClientRuntime& runtime = current_runtime();
  const ObjectId id = id_of<ObjectId>(key_);
  if (count_once()) return;  // it never was counted
  if (!runtime.table().forget(id)) return;
  runtime.post([id](Time now, ClientCore& core, ClientOutbox& out) { core.drop(now, id, out); });
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
                     node.info.total.gpu.to_double(), node.info.total.memory, node.usage.tasks_leased,
                     node.usage.object_bytes, node.usage.object_bytes_used, node.usage.objects});
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
    std::string text = start;
    ::unsetenv(kWorkerVariable);  // what the user's code starts is no worker
    if (text == kWarmStart) text = serve_forks(kForkChannel);
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
