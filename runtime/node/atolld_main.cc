// atolld, the node daemon: one a node, a task of the job step that `atoll`
// starts. Its stdin and stdout are the launcher's control channel
// (runtime/wire/control_line.h); rank 0 keeps the cluster's head as a child.

#include <limits.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "config.h"
#include "runtime/base/log.h"
#include "runtime/control/head_shell.h"
#include "runtime/logs/log_files.h"
#include "runtime/node/head_process.h"
#include "runtime/node/node_shell.h"
#include "runtime/session/session_folder.h"
#include "runtime/timeline/recorder.h"
#include "runtime/wire/control_line.h"
#include "runtime/wire/munge.h"
#include "runtime/wire/stdio_wireup.h"
#include "topology/live.h"

namespace Atoll {
namespace {

constexpr const char* kHelp =
    "Usage: atolld\n"
    "\n"
    "The node daemon of an Atoll cluster. `atoll run` and `atoll up` start one on every\n"
    "node of an allocation; there is no need to start it by hand. See atolld(8).\n"
    "\n"
    "  --help      this text\n"
    "  --version   the version\n";

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = "";
  ::gethostname(name, sizeof name - 1);
  name[std::strcspn(name, ".")] = '\0';
  return name;
}

// The node's name as Slurm calls it, which is not always the host's.
std::string node_name(const Environment& environment) {
  const std::string& name = lookup(environment, "SLURMD_NODENAME");
  return name.empty() ? host_name() : name;
}

// The signals that end a cluster in order, once there is a loop that takes them.
sigset_t ending_signals() {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ends, signal);
  return ends;
}

// While this lives, the thread dies of them as ever.
class MortalWhile {
 public:
  MortalWhile() { pthread_sigmask(SIG_UNBLOCK, &ends_, nullptr); }
  ~MortalWhile() { pthread_sigmask(SIG_BLOCK, &ends_, nullptr); }
  MortalWhile(const MortalWhile&) = delete;
  MortalWhile& operator=(const MortalWhile&) = delete;

 private:
  const sigset_t ends_ = ending_signals();
};

// The daemon from its start to its end; each step says what it is doing, so that
// the launcher can name a node that hangs.
class Daemon {
 public:
  Daemon() : environment_(current_environment()), node_(node_name(environment_)) {
    expected_ = expected_wire_up(environment_);
    log::set_up(node_, "atolld", "info", &err_);
  }
  ~Daemon() { log::set_up(node_, "atolld", "info"); }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  int run() {
    say(PresentEvent{expected_.rank, node_, ::getpid()});
    const Status status = serve();
    shell_.reset();  // its workers have last words
    if (!status.ok()) {
      say(FailedEvent{expected_.rank, node_, status.message()});
      log::error("{}", status.message());
    }
    log::also_to(nullptr);
    logs_.reset();
    head_process_.reset();  // before its folder
    folder_.reset();
    // As long as there is a reader, and until a signal ends it.
    const MortalWhile writing;
    out_.flush();
    err_.flush();
    return status.ok() ? 0 : 1;
  }

 private:
  void say(const ControlEvent& event) {
    for (std::string& line : encode_event(event)) out_.write(std::move(line));  // without a launcher there is nobody to tell
  }

  // Flushed: wiring up over stdio writes by itself.
  void stage(std::string_view name) {
    say(StageEvent{expected_.rank, node_, std::string(name)});
    out_.flush();
  }

  Status serve() {
    if (const Status status = keep_memory_out_of_core_files(); !status.ok()) log::warn("{}", status.message());
    Result<Secret> secret = take_secret_from_environment();
    if (!secret.ok()) return secret.status();
    environment_.erase(kSecretVariable);
    if (expected_.rank == 0) {
      Result<HeadProcess> head = HeadProcess::start(cluster_name(), node_, expected_.size, *secret);
      if (!head.ok()) return head.status().prefixed("starting the head");
      head_process_.emplace(std::move(*head));
    }
    ATOLL_RETURN_IF_ERROR(open_shell(*secret));
    Result<Card> head = wire_up();
    if (!head.ok()) return head.status();
    publish(head->head, *secret);
    if (std::optional<LogFiles::Options> logs = log_options(environment_, node_, folder_path())) {
      logs_.emplace(std::move(*logs));
      shell_->use_logs(*logs_);
    }
    return serve_until_end(head->head);
  }

  std::string cluster_name() const {
    const std::string& name = lookup(environment_, "ATOLL_CLUSTER");
    return name.empty() ? "atoll" : name;
  }

  // Where programs are shipped to, and where commands on this node find the
  // cluster. On the launcher's host its own folder serves both.
  std::string folder_path() const {
    return sessions_path(environment_) + "/" + session_job(environment_) + "-" + cluster_name();
  }

  // What `--object-memory` sets aside is no task's. Three tenths if it does not say.
  Status set_aside_object_memory(NodeGrant& grant, std::uint64_t& bytes) const {
    bytes = grant.memory / 10 * 3;
    if (!lookup(environment_, "ATOLL_OBJECT_MEMORY").empty())
      bytes = static_cast<std::uint64_t>(std::max(0L, lookup_number(environment_, "ATOLL_OBJECT_MEMORY")));
    if (bytes > grant.memory)
      return Status(Code::kInvalidArgument, "--object-memory is " + std::to_string(bytes >> 20) + " MiB, but " + node_ +
                                                " gives this job " + std::to_string(grant.memory >> 20) + " MiB");
    grant.memory -= bytes;
    return Status();
  }

  Status open_shell(const Secret& secret) {
    Result<Machine> machine = machine_of_this_node(environment_);
    if (!machine.ok()) return machine.status().prefixed("learning this node's machine");
    NodeShell::Options options;
    options.node = node_;
    options.rank = NodeId(static_cast<std::uint32_t>(expected_.rank));
    options.secret = secret;
    options.grant = granted_resources(environment_, *machine);
    ATOLL_RETURN_IF_ERROR(set_aside_object_memory(options.grant, options.object_bytes));
    options.spill_folder = lookup(environment_, "ATOLL_SPILL_FOLDER");
    if (const long limit = lookup_number(environment_, "ATOLL_SPILL_LIMIT"); limit >= 0)
      options.spill_limit = static_cast<std::uint64_t>(limit);
    if (const std::string& watch = lookup(environment_, "ATOLL_MEMORY_WATCH"); !watch.empty()) {
      const Result<double> share = parse_memory_watch(watch);
      if (!share.ok()) return share.status().prefixed("ATOLL_MEMORY_WATCH");
      options.memory_watch = *share;
    }
    if (const long idle = lookup_number(environment_, "ATOLL_WORKER_IDLE"); idle > 0)
      options.worker_idle_limit = std::chrono::seconds(idle);
    const long rate = lookup_number(environment_, "ATOLL_TIMELINE_RATE");
    options.timeline_rate = rate < 0 ? kDefaultTimelineRate : static_cast<std::uint32_t>(std::min(rate, long{1'000'000}));
    topology_ = digest(*machine);
    options.machine = restrict_to(*machine, options.grant.gpus);
    options.folder = folder_path();
    options.metrics = lookup(environment_, "ATOLL_METRICS");
    options.cluster = cluster_name();
    options.environment = environment_;
    options.out = &out_;
    options.err = &err_;
    Result<std::unique_ptr<NodeShell>> shell = NodeShell::create(std::move(options));
    if (!shell.ok()) return shell.status().prefixed("opening the transport");
    shell_ = std::move(*shell);
    return Status();
  }

  Result<Card> wire_up() {
    const MortalWhile blocking;  // a fence may last
    Card own;
    own.host = node_;
    own.rank = expected_.rank;
    own.daemon = shell_->self();
    own.topology = topology_;
    if (head_process_) {
      stage("head");
      Result<Contact> head = head_process_->contact();
      if (!head.ok()) return head.status();
      own.head = *head;
    }
    const std::unique_ptr<WireUpChannel> channel =
        open_wire_up(environment_, [this](std::string_view name) { stage(name); });
    Result<WireUp> who = channel->begin();
    if (!who.ok()) return who.status();
    if (who->rank != expected_.rank)
      return Status(Code::kInternal, "PMIx says this is rank " + std::to_string(who->rank) + ", the environment says " +
                                         std::to_string(expected_.rank));
    // Over stdio the exchange says the card itself.
    const bool over_stdio = dynamic_cast<StdioWireUp*>(channel.get()) != nullptr;
    if (head_process_ && !over_stdio) say(CardEvent{own.rank, node_, encode_card(own)});
    Result<Card> head = channel->exchange(own);
    if (over_stdio) commands_ = static_cast<StdioWireUp*>(channel.get())->unread();
    return head;
  }

  // Makes the folder only now: a daemon that is killed in the middle of wire-up leaves none.
  void publish(const Contact& head, const Secret& secret) {
    Result<SessionFolder> folder = SessionFolder::create(environment_, cluster_name(), "node");
    if (folder.status().code() == Code::kAlreadyExists) return;
    Status status = folder.status();
    if (folder.ok()) {
      folder_.emplace(std::move(*folder));
      status = folder_->publish(head, secret, expected_.size);
    }
    if (!status.ok()) log::warn("commands on {} will not find this cluster: {}", node_, status.message());
  }

  Status serve_until_end(const Contact& head) {
    stage("join");
    const sigset_t ends = ending_signals();
    const Fd signals(::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals.valid()) return errno_status("signalfd", errno);
    ATOLL_RETURN_IF_ERROR(shell_->loop().add(signals.get(), [this, &signals] {
      signalfd_siginfo taken;
      [[maybe_unused]] const ssize_t n = ::read(signals.get(), &taken, sizeof taken);
      end_cluster();
    }));
    ATOLL_RETURN_IF_ERROR(shell_->loop().add(0, [this] { read_commands(); }));
    if (head_process_) ATOLL_RETURN_IF_ERROR(shell_->loop().add(head_process_->pidfd(), [this] { on_head_exit(); }));
    take_commands();
    return shell_->run(head, [this] { say(ReadyEvent{expected_.rank, node_}); });
  }

  // A stop, or the launcher's end: its stdin is how it tells every daemon.
  void read_commands() {
    char bytes[4096];
    const ssize_t n = ::read(0, bytes, sizeof bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      shell_->loop().remove(0);
      return end_cluster();
    }
    commands_.append(bytes, static_cast<std::size_t>(n));
    take_commands();
  }

  void take_commands() {
    for (std::size_t end; (end = commands_.find('\n')) != std::string::npos; commands_.erase(0, end + 1)) {
      const Result<ControlCommand> command = decode_command(std::string_view(commands_).substr(0, end));
      if (!command.ok())
        log::warn("ignoring a command of the launcher: {}", command.status().message());
      else if (std::holds_alternative<StopCommand>(*command))
        end_cluster();
    }
  }

  void end_cluster() {
    stopping_ = true;
    if (head_process_) head_process_->stop();
    shell_->leave();
  }

  void on_head_exit() {
    shell_->loop().remove(head_process_->pidfd());
    if (!stopping_) shell_->end(Status(Code::kUnavailable, "the head process has ended unasked"));
  }

  LineWriter out_{1}, err_{2};
  Environment environment_;
  std::string node_;
  WireUp expected_;
  std::optional<HeadProcess> head_process_;
  std::optional<SessionFolder> folder_;
  std::optional<LogFiles> logs_;
  std::unique_ptr<NodeShell> shell_;
  std::uint64_t topology_ = 0;
  std::string commands_;
  bool stopping_ = false;
};

int head_main(char** arguments) {
  LineWriter err(2);
  log::set_up(arguments[1], "head", "info", &err);
  if (const Status status = keep_memory_out_of_core_files(); !status.ok()) log::warn("{}", status.message());
  const int code = run_head_process(arguments[0], arguments[1], static_cast<std::uint32_t>(std::atoi(arguments[2])),
                                    std::atoi(arguments[3]), err);
  log::set_up(arguments[1], "head", "info");
  err.flush();
  return code;
}

}  // namespace
}  // namespace Atoll

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  // Before UCX and PMIx start threads: a signal goes to any thread that does not block it.
  const sigset_t ends = Atoll::ending_signals();
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  if (argc == 6 && std::strcmp(argv[1], "--head") == 0) return Atoll::head_main(argv + 2);
  if (argc > 1) {
    const bool version = std::strcmp(argv[1], "--version") == 0;
    const bool help = std::strcmp(argv[1], "--help") == 0;
    if (version) std::printf("atolld %s\n", PACKAGE_VERSION);
    if (help) std::fputs(Atoll::kHelp, stdout);
    if (version || help) return 0;
    std::fprintf(stderr, "atolld: it takes no arguments; `atoll run` starts it\n");
    return 2;
  }
  return Atoll::Daemon().run();
}
