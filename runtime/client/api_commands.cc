// Commands of the public interface (include/atoll/command.h).

#include <signal.h>

#include <functional>

#include <atoll/cluster.h>
#include <atoll/command.h>
#include <atoll/error.h>

#include "runtime/client/api_support.h"
#include "runtime/client/command_supervisor.h"
#include "runtime/client/running_task.h"
#include "runtime/client/work_queue.h"

namespace Atoll {
namespace {

constexpr const char* kClassName = "Atoll::Command";

static_assert(static_cast<int>(CommandState::kPending) == static_cast<int>(ActorState::kPending));
static_assert(static_cast<int>(CommandState::kStarting) == static_cast<int>(ActorState::kStarting));
static_assert(static_cast<int>(CommandState::kRunning) == static_cast<int>(ActorState::kAlive));
static_assert(static_cast<int>(CommandState::kRestarting) == static_cast<int>(ActorState::kRestarting));
static_assert(static_cast<int>(CommandState::kEnded) == static_cast<int>(ActorState::kDead));

// This worker's environment, where it is, and what the user said.
Environment environment_of(const internal::CommandSpec& spec) {
  Environment environment = current_environment();
  const WorkerView& worker = this_worker();
  environment["ATOLL_NODE"] = worker.node;
  environment["ATOLL_RESTARTS"] = std::to_string(this_actor().restarts);
  if (worker.bundle >= 0) {
    environment["ATOLL_GROUP"] = worker.group;
    environment["ATOLL_BUNDLE"] = std::to_string(worker.bundle);
    environment["ATOLL_BUNDLES"] = std::to_string(worker.bundles);
  }
  for (const auto& [name, value] : spec.environment) environment[name] = value;
  return environment;
}

std::function<void(const CommandSupervisor::End&)> tell_daemon() {
  return [queue = running_task()->queue](const CommandSupervisor::End& end) {
    queue->end_actor(end.why, end.restartable, end.status);
  };
}

// The actor beside a command. It is constructed when the command is ready, and never if that ends before:
// the daemon hears why, and ends this process.
class CommandActor {
 public:
  explicit CommandActor(const internal::CommandSpec& spec)
      : supervisor_({spec, environment_of(spec), pause_before(this_actor().restarts), tell_daemon()}) {
    supervisor_.wait_ready();
  }

  int pid() { return supervisor_.pid(); }
  std::string node() const { return this_worker().node; }
  int restarts() const { return this_actor().restarts; }
  void signal(int number) { throw_if_failed(supervisor_.signal(number)); }

 private:
  CommandSupervisor supervisor_;
};

// In every program that starts commands, and so in its workers.
const internal::ClassRegistration<CommandActor(internal::CommandSpec), &CommandActor::pid, &CommandActor::node,
                                  &CommandActor::restarts, &CommandActor::signal>
    registration(std::string(kClassName) + "(",
                 "&CommandActor::pid, &CommandActor::node, &CommandActor::restarts, &CommandActor::signal");

}  // namespace

namespace internal {

Handle start_command(const CommandSpec& spec, const ActorSettings& settings) {
  throw_if_failed(check_command(spec));
  return create_actor(kClassName, ParameterList<CommandSpec>::make_arguments(spec), settings);
}

}  // namespace internal

Command CommandOptions::start() const { return Command(internal::start_command(spec_, settings_)); }

Command find_command(const std::string& name, const std::optional<std::string>& name_space) {
  return Command(internal::find_actor(name, name_space));
}

void Command::send_signal(int number) const {
  if (number < 1 || number > SIGRTMAX)
    throw Error("send_signal: expected a signal from 1 to " + std::to_string(SIGRTMAX) + ", not " +
                std::to_string(number));
  Ref<void>(internal::call_actor(key(), "signal", internal::ParameterList<int>::make_arguments(number), {.retries = 0})).get();
}

}  // namespace Atoll
