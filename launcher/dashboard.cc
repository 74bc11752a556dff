// atoll dashboard: a cluster in a browser.

#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <memory>

#include "launcher/commands.h"
#include "launcher/dashboard/dashboard_text.h"
#include "launcher/dashboard/distant_watcher.h"
#include "launcher/dashboard/http_server.h"
#include "launcher/dashboard/question_thread.h"
#include "launcher/dashboard/site.h"
#include "launcher/dashboard/watcher.h"
#include "launcher/find_cluster.h"
#include "launcher/into_job.h"
#include "launcher/say.h"
#include "launcher/site.h"
#include "launcher/subcommand.h"

namespace Atoll {
namespace {

struct DashboardCommand {
  ClusterChoice choice;
  int port = 0;
  bool json = false;
  bool lines = false;  // serve nobody but the dashboard on another host that started us
};

int fail(const Status& status) {
  say_error(status.message());
  return status.code() == Code::kInvalidArgument ? kExitUsage : kExitFailure;
}

// To be made before any thread: whichever of them gets such a signal, wait() sees it.
class Interruption {
 public:
  Interruption() {
    sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals_, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
  }
  void wait() const {
    int signal = 0;
    ::sigwait(&signals_, &signal);
  }

 private:
  sigset_t signals_;
};

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

// kInvalidArgument for what is no port.
Status check_port(int port) {
  if (port >= 0 && port <= 65535) return Status();
  return Status(Code::kInvalidArgument, "--port is from 1 to 65535, or 0 for one that is free");
}

// Until it is interrupted.
int serve(const DashboardCommand& command, DashboardPlace place, const Interruption& interruption,
          QuestionThread::Answer answer) {
  QuestionThread questions(std::move(answer));
  DashboardSite site(Gate::random_words(), [&questions](DashboardQuestion question, QuestionThread::Done done) {
    questions.ask(std::move(question), std::move(done));
  });
  Result<std::unique_ptr<HttpServer>> server = HttpServer::start(
      command.port,
      [&site](const HttpRequest& request, HttpServer::Reply reply) { site.take(request, std::move(reply)); });
  if (!server.ok()) return fail(server.status());
  place.port = (*server)->port();
  place.entrance = site.entrance();
  std::cout << (command.json ? place_to_json(place) : place_to_text(place)) << std::flush;
  interruption.wait();
  questions.stop();
  (*server)->stop();
  return kExitOk;
}

// The command that answers in the job: the same, with what says which cluster.
Result<IntoJob> plan_answers(const ClusterChoice& choice) {
  const Environment environment = current_environment();
  std::vector<std::string> words = {"dashboard", "--lines", "--timeout=" + std::to_string(choice.timeout)};
  if (!choice.name.empty()) words.push_back("--name=" + choice.name);
  if (choice.wait >= 0) words.push_back("--wait=" + std::to_string(choice.wait));
  Result<IntoJob> plan =
      plan_into_job(choice.job, words, environment, find_program("srun", lookup(environment, "PATH")), own_path(), 0);
  if (plan.ok())
    for (std::string& word : plan->argv)
      if (word == "--input=none") word = "--input=all";
  return plan;
}

int serve_from_here(const DashboardCommand& command) {
  const Interruption interruption;
  const Result<IntoJob> plan = plan_answers(command.choice);
  if (!plan.ok()) return fail(plan.status());
  Result<std::unique_ptr<DistantWatcher>> watcher = DistantWatcher::start(*plan);
  if (!watcher.ok()) return fail(watcher.status());
  return serve(command, {(*watcher)->cluster(), host_name(), ""}, interruption,
               [&watcher](const DashboardQuestion& question) { return (*watcher)->answer(question); });
}

int serve_there(const DashboardCommand& command) {
  std::optional<Interruption> interruption;  // a task of srun's is ended by signals as any other
  if (!command.lines) interruption.emplace();
  Result<Session> session = find_cluster(command.choice);
  if (!session.ok()) return fail(session.status());
  Result<std::unique_ptr<StateClient>> client = StateClient::open(*session, to_duration(command.choice.timeout));
  if (!client.ok()) return fail(client.status());
  const std::string cluster = (*client)->peers().cluster;
  Watcher watcher(command.choice, std::move(*client));
  if (command.lines) {
    answer_lines(watcher, cluster);
    return kExitOk;
  }
  return serve(command, {cluster, host_name(), lookup(current_environment(), "SLURM_SUBMIT_HOST")}, *interruption,
               [&watcher](const DashboardQuestion& question) { return watcher.answer(question); });
}

int execute(const DashboardCommand& command) {
  if (const Status status = check_port(command.port); !status.ok()) return fail(status);
  return is_elsewhere(command.choice.job, current_environment()) ? serve_from_here(command) : serve_there(command);
}

}  // namespace

void add_dashboard(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<DashboardCommand>();
  Subcommand dashboard(app, "dashboard", "Show a cluster in a browser: a page on this host's loopback, for an ssh tunnel");
  dashboard.add("--port", command->port, "of 127.0.0.1 (default: one that is free)");
  dashboard.add("--json", command->json, "print where it is as JSON; see atoll-dashboard(1)");
  dashboard.add("--lines", command->lines, "answer on stdin and stdout: what --job starts in the job");
  command->choice.add_to(dashboard);
  dashboard.run([command, &line] { line.exit_code = execute(*command); });
}

}  // namespace Atoll
