// Placement groups of the public interface (include/atoll/placement_group.h).

#include <atoll/atoll.h>

#include "runtime/client/api_support.h"
#include "runtime/client/process.h"

namespace Atoll {
namespace {

constexpr auto kHeadAnswers = std::chrono::seconds(10);

GroupSpec spec_of(ClientRuntime& runtime, const std::vector<Needs>& bundles, const GroupOptions& options) {
  GroupSpec spec;
  spec.group = {runtime.self().process, runtime.next_sequence()};
  spec.job = runtime.job();
  spec.name = options.name;
  spec.detached = options.detached;
  spec.move_whole = options.on_node_loss == OnNodeLoss::kMoveAllBundles;
  spec.strategy = static_cast<std::uint8_t>(options.strategy);
  spec.within = static_cast<std::uint8_t>(options.within);
  if (options.segment < 0) throw Error("segment: expected a number of nodes, not " + std::to_string(options.segment));
  spec.segment = static_cast<std::uint32_t>(options.segment);
  spec.labels = options.labels;
  for (std::size_t i = 0; i < bundles.size(); ++i) try {
      spec.bundles.push_back(resources_of(bundles[i]));
    } catch (const Error& error) {
      throw Error("bundle " + std::to_string(i) + ": " + error.what());
    }
  return spec;
}

BundleView view_of(const BundleRecord& record) {
  BundleView view;
  view.index = static_cast<int>(record.index);
  view.node = record.node_name;
  for (const BundleGpu& gpu : record.gpus) view.gpus.push_back({gpu.index, gpu.uuid, gpu.part.to_double(), gpu.island});
  view.numa.assign(record.numa.begin(), record.numa.end());
  view.cpus.assign(record.cpus.begin(), record.cpus.end());
  view.nics = record.nics;
  return view;
}

}  // namespace

PlacementGroup placement_group(const std::vector<Needs>& bundles, const GroupOptions& options) {
  ClientRuntime& runtime = current_runtime();
  GroupSpec spec = spec_of(runtime, bundles, options);
  const internal::Key key = key_of(spec.group);
  const internal::Handle handle = own_object(runtime, runtime.next_sequence());
  runtime.post([spec = std::move(spec), ready = id_of<ObjectId>(handle->key())](Time now, ClientCore& core, ClientOutbox& out) {
    core.create_group(spec, out);
    core.group_ready(now, spec.group, ready, out);
  });
  return PlacementGroup(key, handle);
}

PlacementGroup find_placement_group(const std::string& name) {
  ClientRuntime& runtime = current_runtime();
  runtime.post([name](Time, ClientCore& core, ClientOutbox& out) { core.find_group(name, out); });
  const auto deadline = std::chrono::steady_clock::now() + kHeadAnswers;
  const std::optional<GroupUpdate> found = runtime.table().wait_group_name(name, deadline);
  if (!found) throw ClusterLostError("the cluster's head did not answer within 10 s");
  if (found->group.is_none()) throw GroupRemovedError("no placement group is called '" + name + "'");
  return PlacementGroup(key_of(found->group));
}

Ref<void> PlacementGroup::ready() const {
  if (ready_ != nullptr) return Ref<void>(ready_);
  ClientRuntime& runtime = current_runtime();
  const internal::Handle handle = own_object(runtime, runtime.next_sequence());
  const ObjectId ready = id_of<ObjectId>(handle->key());
  runtime.post([id = id_of<GroupId>(key_), ready](Time now, ClientCore& core, ClientOutbox& out) {
    core.group_ready(now, id, ready, out);
  });
  return Ref<void>(handle);
}

GroupTableView PlacementGroup::table() const {
  ClientRuntime& runtime = current_runtime();
  const GroupId id = id_of<GroupId>(key_);
  const auto ask = [&runtime, id] {
    runtime.post([id](Time, ClientCore& core, ClientOutbox& out) { core.watch_group(id, out); });
  };
  const std::optional<GroupUpdate> update =
      runtime.table().next_group_update(id, ask, std::chrono::steady_clock::now() + kHeadAnswers);
  if (!update) throw ClusterLostError("the cluster's head did not answer within 10 s");
  GroupTableView view;
  view.name = update->name;
  view.state = static_cast<GroupStanding>(update->state);
  view.why = update->why;
  for (const BundleRecord& record : update->bundles) view.bundles.push_back(view_of(record));
  return view;
}

void PlacementGroup::remove() const {
  current_runtime().post(
      [id = id_of<GroupId>(key_)](Time, ClientCore& core, ClientOutbox& out) { core.remove_group(id, out); });
}

}  // namespace Atoll
