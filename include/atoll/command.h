#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <atoll/actor.h>
#include <atoll/codec.h>

namespace Atoll {

namespace internal {

// What the process beside a command is told of it. Times in milliseconds.
struct CommandSpec {
  std::vector<std::string> words;
  std::map<std::string, std::string> environment;
  std::string directory;                  // empty: the driver's
  std::optional<int> port;                // ready when it listens there
  bool asks_ready = false;                // ready when this ends with status 0
  std::vector<std::string> ready_words;
  std::int64_t ready_limit = 600'000;
  bool asks_health = false;
  std::vector<std::string> health_words;
  std::int64_t health_every = 0;
  std::int64_t health_timeout = 0;
  int health_failures = 0;                // so many in a row end it
  ATOLL_FIELDS(words, environment, directory, port, asks_ready, ready_words, ready_limit, asks_health, health_words,
               health_every, health_timeout, health_failures)
};
// Throws Error for a spec that is not well formed.
Handle start_command(const CommandSpec& spec, const ActorSettings& settings);

}  // namespace internal

enum class CommandState {
  kPending,     // waits for room
  kStarting,    // it is not ready yet
  kRunning,
  kRestarting,  // it ended, and is to be started anew
  kEnded,
};

// A handle to a command that runs as an actor: any program, in a process of its own
// somewhere in the cluster, with the GPUs, CPUs and NICs it asked for. Its output goes
// where that of tasks goes. Handles are small values, can be passed to tasks and
// actors, and any thread may use them.
//
// A command ends by itself, with kill(), with the process that started it, or when no
// process has a handle to it any more, as with an actor (actor.h). When it ends with
// a status other than 0, by a signal, is not ready in time or fails its health
// checks, it is restarted if it has restarts left.
class Command {
 public:
  Command() = default;
  explicit Command(internal::Handle handle) : handle_(std::move(handle)) {}

  // Waits until it is ready: until it runs, if nothing else was asked for. Throws
  // ActorDiedError, InfeasibleError, or TimeoutError.
  template <typename Rep, typename Period>
  void wait_ready(std::chrono::duration<Rep, Period> timeout) const {
    internal::wait_for_actor(key(), std::chrono::steady_clock::now() + timeout);
  }

  // Waits until it has ended and is not restarted. Its exit status, or 128 + n after
  // signal n. Throws ActorDiedError if something else was its end: kill(), a health
  // check, its node. Throws TimeoutError after `timeout`.
  int wait_exit() const { return internal::wait_for_exit(key(), std::nullopt); }
  template <typename Rep, typename Period>
  int wait_exit(std::chrono::duration<Rep, Period> timeout) const {
    return internal::wait_for_exit(key(), std::chrono::steady_clock::now() + timeout);
  }

  // As the head last said.
  CommandState state() const { return static_cast<CommandState>(internal::state_of_actor(key())); }
  // Its process id on its node, that node's name, and how often it was started anew.
  // They wait until it is ready. Throw ActorDiedError if it has ended.
  int pid() const { return ask<int>("pid"); }
  std::string node() const { return ask<std::string>("node"); }
  int restarts() const { return ask<int>("restarts"); }
  // Sends it a signal, once it is ready: to its process, not to those that it started.
  // Throws Error if that is no signal's number, ActorDiedError if it has ended.
  void send_signal(int number) const;

  // Ends it: SIGTERM, and SIGKILL half a second later, to it and all that it started
  // in its process group. It is not restarted.
  void kill() const { internal::kill_actor(key(), /*restart=*/false); }
  // The same, but it is restarted if it has restarts left.
  void kill_and_restart() const { internal::kill_actor(key(), /*restart=*/true); }

  internal::Key key() const { return internal::key_of_actor(handle_); }
  const internal::Handle& handle() const { return handle_; }

 private:
  // Asking again does no harm: as often as it takes.
  template <typename T>
  T ask(const std::string& method) const {
    return Ref<T>(internal::call_actor(key(), method, {}, {.retries = -1})).get();
  }

  internal::Handle handle_;
};

// A command to be started: options first, then start().
//
//   Command server = command("python3", "serve.py", "--port", "8000").gpus(2).restarts(3)
//                        .ready_when_listening(8000).start();
class CommandOptions {
 public:
  explicit CommandOptions(std::vector<std::string> words) { spec_.words = std::move(words); }

  // As ActorOptions' (actor.h).
  CommandOptions& cpus(double n) { return settings_.needs.cpus = n, *this; }
  CommandOptions& gpus(double n) { return settings_.needs.gpus = n, *this; }
  CommandOptions& memory(std::uint64_t bytes) { return settings_.needs.memory = bytes, *this; }
  CommandOptions& resource(const std::string& name, double n) { return settings_.needs.custom[name] = n, *this; }
  CommandOptions& name(std::string name) { return settings_.name = std::move(name), *this; }
  CommandOptions& in_namespace(std::string name) { return settings_.name_space = std::move(name), *this; }
  CommandOptions& get_if_exists() { return settings_.get_if_exists = true, *this; }
  CommandOptions& detached() { return settings_.detached = true, *this; }
  CommandOptions& in(const PlacementGroup& group, int bundle = -1) {
    return settings_.place.group = group.key(), settings_.place.bundle = bundle, *this;
  }
  CommandOptions& spread() { return settings_.place.spread = true, *this; }
  CommandOptions& on_node(std::string node, Affinity affinity = Affinity::kHard) {
    return settings_.place.node = std::move(node), settings_.place.affinity = affinity, *this;
  }
  CommandOptions& where(Labels labels) { return settings_.place.labels = std::move(labels), *this; }
  // Labels to try when no node that has those before has room now; may be said several times, and is tried in that order.
  CommandOptions& or_where(Labels labels) { return settings_.place.otherwise.push_back(std::move(labels)), *this; }
  // How often it is started anew; -1: without limit. The first time after a pause of
  // 100 ms, which doubles each time, up to 5 s. What cannot be executed, and
  // what ended with status 0, is not.
  CommandOptions& restarts(int n) { return settings_.restarts = n, *this; }

  // Variables beside those of a task there and ATOLL_NODE, ATOLL_RESTARTS, and in a
  // placement group ATOLL_GROUP, ATOLL_BUNDLE (its rank) and ATOLL_BUNDLES.
  CommandOptions& environment(const std::string& name, std::string value) {
    return spec_.environment[name] = std::move(value), *this;
  }
  // Where it runs; not said: in the driver's directory.
  CommandOptions& directory(std::string path) { return spec_.directory = std::move(path), *this; }

  // It is ready when it, or a process that it started, listens on the TCP port; another's
  // listener there does not count.
  CommandOptions& ready_when_listening(int port) { return spec_.port = port, *this; }
  // It is ready when this command, run beside it again and again, ends with status 0.
  // Goes not with ready_when_listening().
  CommandOptions& ready_when(std::vector<std::string> words) {
    spec_.asks_ready = true;
    return spec_.ready_words = std::move(words), *this;
  }
  // How long that may take, before it is ended; 10 minutes if not said.
  CommandOptions& ready_within(std::chrono::milliseconds limit) { return spec_.ready_limit = limit.count(), *this; }
  // Runs this command beside it, so long after the last time ended, once it is ready.
  // One that ends with another status than 0, cannot be executed, or takes longer than
  // `timeout` has failed; so many failures in a row end the command.
  CommandOptions& health_check(std::vector<std::string> words,
                               std::chrono::milliseconds every = std::chrono::seconds(10),
                               std::chrono::milliseconds timeout = std::chrono::seconds(5), int failures = 3) {
    spec_.asks_health = true;
    spec_.health_words = std::move(words);
    spec_.health_every = every.count();
    spec_.health_timeout = timeout.count();
    return spec_.health_failures = failures, *this;
  }

  // Asks for it and returns at once; what goes wrong comes with wait_ready() or
  // wait_exit(). Throws Error for options that contradict each other or mean nothing.
  Command start() const;

 private:
  internal::CommandSpec spec_;
  internal::ActorSettings settings_;
};

// The program, looked for in PATH where it runs unless it has a '/', and its
// arguments. No shell is between.
template <typename... Words>
  requires(std::convertible_to<const Words&, std::string> && ...)
CommandOptions command(const std::string& program, const Words&... arguments) {
  return CommandOptions({program, std::string(arguments)...});
}
inline CommandOptions command(std::vector<std::string> words) { return CommandOptions(std::move(words)); }

// The living command with this name, as find_actor().
Command find_command(const std::string& name, const std::optional<std::string>& name_space = std::nullopt);

}  // namespace Atoll

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
namespace adaptor {

template <>
struct pack<Atoll::Command> {
  template <typename Stream>
  packer<Stream>& operator()(packer<Stream>& out, const Atoll::Command& command) const {
    return Atoll::internal::pack_actor(out, command.handle());
  }
};
template <>
struct convert<Atoll::Command> {
  const msgpack::object& operator()(const msgpack::object& in, Atoll::Command& command) const {
    command = Atoll::Command(Atoll::internal::unpack_actor(in));
    return in;
  }
};

}  // namespace adaptor
}  // MSGPACK_API_VERSION_NAMESPACE
}  // namespace msgpack
