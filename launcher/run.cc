// atoll run: a cluster for the life of one program.

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <memory>

#include "launcher/cluster_options.h"
#include "launcher/commands.h"
#include "launcher/driver.h"
#include "launcher/launched_cluster.h"
#include "launcher/subcommand.h"
#include "launcher/write_timeline.h"

namespace Atoll {
namespace {

// The time a program has to end by itself after SIGTERM, when its cluster is gone.
constexpr Duration kProgramGrace = std::chrono::seconds(5);

// How long head and daemons may take to answer for --timeline.
constexpr Duration kTimelinePatience = std::chrono::seconds(5);

class Run {
 public:
  Run(const ClusterOptions& options, LaunchPlan plan)
      : options_(options), environment_(current_environment()), cluster_(options, std::move(plan), environment_) {}

  // The exit code; does not return when this process must die by a signal.
  int run();

 private:
  bool bring_up();
  bool start_program();
  void accompany_program();
  void on_cluster_gone();
  void keep_timeline();
  void wait(std::optional<Time> until);
  bool take_signals();
  int leave();

  ClusterOptions options_;
  Environment environment_;
  Signals signals_;
  LaunchedCluster cluster_;
  std::optional<Driver> driver_;
  std::optional<Time> kill_at_;  // of the program
  bool told_of_end_ = false;
  int fatal_signal_ = 0;  // that ended us before there was a program
  int exit_code_ = kExitFailure;
};

int Run::run() {
  const Status started = cluster_.start();
  if (!started.ok())
    say_error("the cluster cannot be started: " + started.message());
  else if (bring_up() && start_program()) {
    accompany_program();
    keep_timeline();
  }
  return leave();
}

// While there are daemons that have it.
void Run::keep_timeline() {
  if (options_.timeline.empty()) return;
  if (told_of_end_) return say_warning("there is no timeline: the cluster ended before its program");
  const TimelineWish wish{0, kTimelinePatience};
  const Status written = write_timeline_file(cluster_.session(), wish, options_.timeline, options_.quiet);
  if (!written.ok()) say_warning("there is no timeline: " + written.message());
}

// Sleeps until something happens.
void Run::wait(std::optional<Time> until) {
  std::vector<pollfd> fds = {{signals_.fd(), POLLIN, 0}};
  cluster_.add_to(fds);
  int limit = -1;
  if (until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - now()).count();
    limit = static_cast<int>(std::clamp<long>(left, 0, 3'600'000));
  }
  ::poll(fds.data(), fds.size(), limit);
}

// To the program, if there is one. False when a signal asks to end the start.
bool Run::take_signals() {
  while (const auto signal = signals_.next()) {
    const int number = static_cast<int>(signal->ssi_signo);
    if (driver_)
      driver_->on_signal(*signal);
    else if (number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT)
      fatal_signal_ = number;
    else if (number == SIGTSTP)
      ::kill(::getpid(), SIGSTOP);
  }
  return fatal_signal_ == 0;
}

bool Run::bring_up() {
  while (cluster_.phase() == LaunchedCluster::Phase::kStarting) {
    wait(cluster_.next_tick());
    if (!take_signals()) return false;
    cluster_.pump();
  }
  if (cluster_.phase() == LaunchedCluster::Phase::kReady) return true;
  say_error("the cluster did not come up: " + cluster_.why());
  return false;
}

bool Run::start_program() {
  Result<Driver> driver = Driver::start(options_.program, environment_, cluster_.session_path());
  if (driver.ok()) {
    driver_.emplace(std::move(*driver));
    return true;
  }
  say_error(driver.status().message());
  exit_code_ = 127;  // as a shell says it
  return false;
}

void Run::accompany_program() {
  while (driver_->running()) {
    const std::optional<Time> tick = cluster_.next_tick();
    wait(kill_at_ && tick ? std::min(*kill_at_, *tick) : kill_at_ ? kill_at_ : tick);
    take_signals();  // first: a child that ends after we looked brings another
    cluster_.pump();
    driver_->look();
    if (cluster_.phase() == LaunchedCluster::Phase::kGone) on_cluster_gone();
  }
}

void Run::on_cluster_gone() {
  if (!told_of_end_) {
    told_of_end_ = true;
    say_error("the cluster ended under the program (" + cluster_.why() + "); ending the program");
    driver_->kill(SIGTERM);
    driver_->kill(SIGCONT);
    kill_at_ = now() + kProgramGrace;
  } else if (now() >= *kill_at_) {
    driver_->kill(SIGKILL);
    kill_at_.reset();
  }
}

// Nothing of ours is left when this has run: neither daemons nor what the program left in its process group.
int Run::leave() {
  if (driver_) driver_->kill(SIGTERM);
  const bool came_up = driver_.has_value();
  cluster_.stop(signals_, came_up ? LaunchedCluster::Hurry::kNo : LaunchedCluster::Hurry::kYes);
  if (driver_) driver_->kill(SIGKILL);
  if (fatal_signal_ != 0) die_by(fatal_signal_);
  if (!driver_ || told_of_end_) return exit_code_;
  if (driver_->ending().signal != 0) die_by(driver_->ending().signal);
  return driver_->ending().code;
}

struct RunCommand {
  ClusterOptions options;
  bool dry_run = false;
};

// The words after the options; nullopt, having complained, when there are none.
std::optional<std::vector<std::string>> program_of(const Subcommand& command, const CommandLine& line) {
  std::vector<std::string> words = command.words();
  if (!words.empty() && words.front().starts_with("-") && words.front() != "--") {
    say_error("atoll run has no option " + words.front() + "; see atoll run --help");
    return std::nullopt;
  }
  if (line.had_dashes && !words.empty()) words.push_back("--");
  words.insert(words.end(), line.after_dashes.begin(), line.after_dashes.end());
  if (!words.empty()) return words;
  say_error("which program? atoll run [options] -- program [arguments]");
  return std::nullopt;
}

int execute(RunCommand& command) {
  int exit_code = kExitOk;
  std::optional<LaunchPlan> plan = plan_or_complain(command.options, command.dry_run, exit_code);
  if (!plan) return exit_code;
  if (plan->kind == LaunchPlan::Kind::kSalloc) return become_salloc(*plan);
  return Run(command.options, std::move(*plan)).run();
}

}  // namespace

void add_run(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<RunCommand>();
  Subcommand run(app, "run", "Start a cluster, run a program on it, end both: atoll run [options] -- program [arguments]");
  run.take_words();
  add_cluster_options(run.app(), command->options, command->dry_run);
  add_summary_option(run.app(), command->options);
  run.add("--timeline", command->options.timeline, "file for what ran and waited when, for ui.perfetto.dev; see atoll-timeline(1)");
  run.run([run, command, &line] {
    std::optional<std::vector<std::string>> program = program_of(run, line);
    if (program) command->options.program = std::move(*program);
    line.exit_code = program ? execute(*command) : kExitUsage;
  });
}

}  // namespace Atoll
