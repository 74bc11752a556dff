// atoll up: a cluster that stays until atoll down or the end of the job.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <memory>

#include "launcher/cluster_options.h"
#include "launcher/commands.h"
#include "launcher/keeper.h"
#include "launcher/subcommand.h"

namespace Atoll {
namespace {

struct UpCommand {
  ClusterOptions options;
  bool dry_run = false;
};

int stay(const ClusterOptions& options, LaunchPlan plan) {
  Keeper keeper(options, std::move(plan));
  if (!keeper.bring_up(-1)) return kExitFailure;
  std::cout << keeper.cluster().session_path() << std::endl;
  return keeper.keep(-1);
}

// For the plugin: the output of daemons and workers goes where ours does, and nothing else is printed.
int live_with(ClusterOptions& options) {
  if (::fcntl(options.lifeline, F_SETFD, FD_CLOEXEC) != 0) {
    say_error(errno_status("--lifeline=" + std::to_string(options.lifeline), errno).message());
    return kExitUsage;
  }
  Result<LaunchPlan> plan = plan_cluster(options);
  if (plan.ok()) return Keeper(options, std::move(*plan)).keep_promise(options.lifeline);
  say_error(plan.status().message());
  tell_of_failure(options.name, plan.status().message(), options.lifeline);
  return kExitFailure;
}

// From now on the keeper writes to its log and holds nothing of who started it.
void turn_to_log(const std::string& path) {
  const Fd log(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!log.valid()) say_warning(errno_status("no log: cannot open " + path, errno).message());
  const int target = log.valid() ? log.get() : nothing.get();
  ::dup2(nothing.get(), 0);
  ::dup2(target, 1);
  ::dup2(target, 2);
}

// In the background process: brings the cluster up, tells `told` the session's folder, and stays.
int keep_in_background(const ClusterOptions& options, LaunchPlan plan, Fd told) {
  ::setsid();
  Keeper keeper(options, std::move(plan));
  if (!keeper.bring_up(told.get())) return kExitFailure;
  const std::string folder = keeper.cluster().session_path();
  turn_to_log(options.log.empty() ? folder + "/log" : options.log);
  const std::string line = folder + "\n";
  (void)!::write(told.get(), line.data(), line.size());
  told.reset();
  return keeper.keep(-1);
}

// Waits for the keeper's word: the session's folder, or nothing when it failed, and has said why.
int wait_for_keeper(Fd heard) {
  std::string folder;
  char bytes[4096];
  ssize_t size;
  while ((size = ::read(heard.get(), bytes, sizeof bytes)) > 0 || (size < 0 && errno == EINTR))
    if (size > 0) folder.append(bytes, static_cast<std::size_t>(size));
  std::cout << folder << std::flush;
  return folder.empty() ? kExitFailure : kExitOk;
}

int leave_keeper(const ClusterOptions& options, LaunchPlan plan) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    say_error(errno_status("cannot make a pipe", errno).message());
    return kExitFailure;
  }
  Fd heard(ends[0]), told(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) {
    say_error(errno_status("cannot start the keeper of the cluster", errno).message());
    return kExitFailure;
  }
  if (pid > 0) {
    told.reset();
    return wait_for_keeper(std::move(heard));
  }
  heard.reset();
  const int code = keep_in_background(options, std::move(plan), std::move(told));
  ::_exit(code);
}

int execute(UpCommand& command) {
  if (command.options.lifeline >= 0) return live_with(command.options);
  int exit_code = kExitOk;
  std::optional<LaunchPlan> plan = plan_or_complain(command.options, command.dry_run, exit_code);
  if (!plan) return exit_code;
  if (plan->kind == LaunchPlan::Kind::kSalloc) return become_salloc(*plan);
  return command.options.foreground ? stay(command.options, std::move(*plan))
                                    : leave_keeper(command.options, std::move(*plan));
}

}  // namespace

void add_up(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<UpCommand>();
  command->options.command = "up";
  Subcommand up(app, "up", "Start a cluster in this allocation and leave it running");
  up.footer("Prints the folder of the cluster's session when it is ready.");
  add_cluster_options(up.app(), command->options, command->dry_run);
  up.add("--foreground", command->options.foreground, "stay until the cluster ends; SIGTERM or Ctrl-C ends it");
  up.add("--lifeline", command->options.lifeline,
         "a descriptor of ours: stay until its other end is closed (how the SPANK plugin starts a cluster)")
      .not_below_zero();
  up.add("--log", command->options.log,
         "file for the output of daemons and workers (default: in the session's folder)");
  up.run([command, &line] { line.exit_code = execute(*command); });
}

}  // namespace Atoll
