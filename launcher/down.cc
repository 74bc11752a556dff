// atoll down: ends a cluster of atoll up.

#include <poll.h>
#include <signal.h>

#include <cerrno>
#include <memory>

#include "launcher/commands.h"
#include "launcher/say.h"
#include "launcher/subcommand.h"
#include "runtime/base/nodelist.h"
#include "runtime/session/session.h"
#include "runtime/session/session_folder.h"

namespace Atoll {
namespace {

struct DownCommand {
  std::string name;
  double timeout = 20;
};

Status choose_of(const std::vector<Session>& sessions, const std::string& job) {
  std::vector<std::string> names;
  for (const Session& session : sessions) names.push_back(session.name);
  if (names.empty()) return Status(Code::kNotFound, "no cluster of atoll up runs here (job " + job + ")");
  return Status(Code::kInvalidArgument, "several clusters run here: " + join_names(names) + "; choose one with --name");
}

// How to end a cluster that no process here keeps by `atoll up`.
Status not_ours_to_end(const Session& session) {
  if (session.kind == "run")
    return Status(Code::kInvalidArgument, "cluster " + session.id() +
                                              " ends with its program: end atoll run, process " +
                                              std::to_string(session.keeper.pid));
  return Status(Code::kInvalidArgument, "cluster " + session.id() +
                                            " was not started on this host but where its job's "
                                            "launcher runs; run atoll down there");
}

Result<Session> choose(const DownCommand& command, const Environment& environment) {
  const std::string job = session_job(environment);
  std::vector<Session> kept;
  for (const Session& session : list_sessions(environment, job)) {
    if (session.name == command.name || session.id() == command.name)
      return session.kind == "up" ? Result<Session>(session) : not_ours_to_end(session);
    if (session.kind == "up") kept.push_back(session);
  }
  if (!command.name.empty())
    return Status(Code::kNotFound, "there is no cluster \"" + command.name + "\" here (job " + job + ")");
  if (kept.size() == 1) return kept.front();
  return choose_of(kept, job);
}

bool wait_for_end(const Fd& keeper, double limit) {
  pollfd ended = {keeper.get(), POLLIN, 0};
  int found;
  do found = ::poll(&ended, 1, static_cast<int>(limit * 1000));
  while (found < 0 && errno == EINTR);
  return found > 0;
}

int end_cluster(const Session& session, double timeout) {
  const Fd keeper = open_process(session.keeper);
  if (!keeper.valid()) return kExitOk;  // it just ended
  if (signal_process(keeper, SIGTERM) != 0 && errno != ESRCH) {
    say_error(errno_status("cannot end cluster " + session.id(), errno).message());
    return kExitFailure;
  }
  if (wait_for_end(keeper, timeout)) return kExitOk;
  // Its daemons end when their stdin does.
  signal_process(keeper, SIGKILL);
  wait_for_end(keeper, 1);
  remove_session_folder(session.folder);
  say_error("cluster " + session.id() + " did not end in time and was killed; see squeue --steps for what is left");
  return kExitFailure;
}

int execute(const DownCommand& command) {
  Result<Session> session = choose(command, current_environment());
  if (session.ok()) return end_cluster(*session, command.timeout);
  say_error(session.status().message());
  return session.status().code() == Code::kInvalidArgument ? kExitUsage : kExitFailure;
}

}  // namespace

void add_down(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<DownCommand>();
  Subcommand down(app, "down", "End a cluster that atoll up started, and wait for its end");
  down.add("--name", command->name, "which one (default: the only one of this job on this host)");
  down.add("--timeout", command->timeout, "seconds until it is killed (default 20)").above_zero();
  down.run([command, &line] { line.exit_code = execute(*command); });
}

}  // namespace Atoll
