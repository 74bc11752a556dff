// Actors of the public interface (include/atoll/actor.h).

#include <set>

#include <atoll/actor.h>
#include <atoll/error.h>

#include "runtime/client/api_support.h"
#include "runtime/client/api_waits.h"
#include "runtime/client/process.h"
#include "runtime/client/timeline_marks.h"
#include "runtime/client/executor.h"

namespace Atoll {
namespace {

constexpr auto kHeadAnswers = std::chrono::seconds(10);

// Names are a job's own unless something else is said.
std::string name_space_of(const ClientRuntime& runtime, const std::optional<std::string>& given) {
  return given.value_or(to_string(runtime.job()));
}

void refuse_unless(bool is_fine, const std::string& why) {
  if (!is_fine) throw Error(why);
}

void check_concurrency(const std::string& what, int most) {
  refuse_unless(most >= 1 && most <= 10'000, what + ": expected 1 to 10000 calls, not " + std::to_string(most));
}

void check(const std::vector<internal::ActorSettings::Group>& groups) {
  std::set<std::string> names, methods;
  for (const internal::ActorSettings::Group& group : groups) {
    refuse_unless(!group.name.empty(), "concurrency_group: a group needs a name");
    refuse_unless(names.insert(group.name).second, "concurrency_group: there are two named '" + group.name + "'");
    check_concurrency("concurrency_group '" + group.name + "'", group.most);
    for (const std::string& method : group.methods)
      refuse_unless(methods.insert(method).second, "concurrency_group: method '" + method + "' is in two of them");
  }
}

void check(const internal::ActorSettings& settings) {
  refuse_unless(!settings.get_if_exists || !settings.name.empty(), "get_if_exists() needs a name(): it looks for the actor that has it");
  refuse_unless(!settings.detached || (!settings.name.empty() && settings.name_space),
                "a detached() actor needs a name() and an in_namespace(): nobody else could find it");
  if (settings.concurrency) check_concurrency("max_concurrency", *settings.concurrency);
  check(settings.groups);
  refuse_unless(settings.most_pending >= 0,
                "max_pending_calls: expected 0 (any number) or more, not " + std::to_string(settings.most_pending));
}

ActorSpec spec_of(ClientRuntime& runtime, const std::string& class_name, const internal::ActorSettings& settings) {
  check(settings);
  ActorSpec spec;
  spec.shape = resources_of(settings.needs);
  spec.actor = {runtime.self().process, runtime.next_sequence()};
  spec.job = runtime.job();
  spec.class_name = class_name;
  spec.name = settings.name;
  if (!spec.name.empty()) spec.name_space = name_space_of(runtime, settings.name_space);
  spec.detached = settings.detached;
  spec.max_restarts = settings.restarts;
  spec.group = id_of<GroupId>(settings.place.group);
  spec.bundle = settings.place.bundle;
  spec.strategy = strategy_of(settings.place);
  spec.calls = {settings.call_retries, settings.retries_errors, static_cast<std::uint32_t>(settings.most_pending)};
  spec.concurrency = static_cast<std::uint32_t>(settings.concurrency.value_or(0));
  for (const internal::ActorSettings::Group& group : settings.groups)
    spec.groups.push_back({group.name, static_cast<std::uint32_t>(group.most), group.methods});
  return spec;
}

// To an actor of ours that is about to be created.
internal::Handle first_handle(ClientRuntime& runtime, const ActorSpec& spec) {
  if (spec.detached) return uncounted_actor(key_of(spec.actor));
  internal::Handle handle = own_object(runtime, spec.actor.sequence);
  runtime.post([actor = spec.actor](Time, ClientCore& core, ClientOutbox&) { core.count_handles(actor); });
  return handle;
}

}  // namespace

namespace internal {

Handle create_actor(const std::string& class_name, std::vector<Argument> arguments, const ActorSettings& settings) {
  ClientRuntime& runtime = current_runtime();
  const ActorSpec spec = spec_of(runtime, class_name, settings);
  const bool asks = settings.get_if_exists;
  if (!asks) runtime.table().expect_actor(spec.actor);
  runtime.post([spec, asks, converted = call_arguments(runtime, std::move(arguments))](Time, ClientCore& core,
                                                                                       ClientOutbox& out) {
    core.create_actor(spec, converted, out, asks);
  });
  if (!asks) return first_handle(runtime, spec);
  const std::optional<ActorId> created =
      runtime.table().wait_created(spec.actor, std::chrono::steady_clock::now() + kHeadAnswers);
  throw_if_cancelled();
  if (!created) throw ClusterLostError("the cluster's head did not answer within 10 s");
  return *created == spec.actor ? first_handle(runtime, spec) : uncounted_actor(key_of(*created));
}

Handle call_actor(Key actor, const std::string& method, std::vector<Argument> arguments, const CallOptions& options) {
  ClientRuntime& runtime = current_runtime();
  if (actor == Key()) throw Error("an empty Actor handle refers to no actor; create() or find_actor() gives one");
  RunningTask* within = running_task();
  ActorCallSpec spec;
  spec.task = {runtime.self().process, runtime.next_sequence()};
  const SubmitMark mark(runtime, spec.task, method, within);
  spec.sample = mark.sample();
  spec.actor = id_of<ActorId>(actor);
  spec.method = method;
  spec.retries = options.retries;
  spec.group = options.group;
  if (options.is_stream) {
    check_ahead(options.ahead);
    spec.ahead = static_cast<std::uint32_t>(options.ahead);
  }
  if (within != nullptr) {
    spec.depth = within->depth + 1;
    spec.parent = within->task;
  }
  spec.arguments = call_arguments(runtime, std::move(arguments));
  Handle result = own_object(runtime, spec.task.sequence);
  if (options.is_stream) runtime.streams().open(spec.task);
  runtime.post([spec = std::move(spec)](Time now, ClientCore& core, ClientOutbox& out) {
    core.call_actor(now, spec, out);
  });
  return result;
}

void kill_actor(Key actor, bool restart) {
  current_runtime().post([id = id_of<ActorId>(actor), restart](Time, ClientCore& core, ClientOutbox& out) {
    core.kill_actor(id, restart, out);
  });
}

Handle find_actor(const std::string& name, const std::optional<std::string>& name_space) {
  ClientRuntime& runtime = current_runtime();
  const std::string where = name_space_of(runtime, name_space);
  runtime.table().ask_name(name, where);
  runtime.post([name, where](Time, ClientCore& core, ClientOutbox& out) { core.find_actor(name, where, out); });
  const std::optional<ActorUpdate> found =
      runtime.table().wait_name(name, where, std::chrono::steady_clock::now() + kHeadAnswers);
  throw_if_cancelled();
  if (!found) throw ClusterLostError("the cluster's head did not answer within 10 s");
  if (found->actor.is_none())
    throw ActorDiedError("no living actor is called '" + name + "'" + (name_space ? " in name space '" + where + "'" : ""));
  return uncounted_actor(key_of(found->actor));
}

}  // namespace internal

void exit_actor() {
  RunningTask* task = running_task();
  if (task == nullptr || !this_actor().is_actor) throw Error("exit_actor() is for an actor's methods; this is none");
  task->leaves = true;
}

}  // namespace Atoll
