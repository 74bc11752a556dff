#include "launcher/launched_cluster.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "launcher/capture.h"
#include "runtime/wire/munge.h"

namespace Atoll {
namespace {

using std::chrono::milliseconds;

// How long the daemons have to end by themselves, and srun to end them, before the next and harder means.
struct Patience {
  Duration daemons, srun;
};
constexpr Patience kPatient = {std::chrono::seconds(5), std::chrono::seconds(2)};
constexpr Patience kHurried = {milliseconds(500), milliseconds(300)};
constexpr Duration kCancelPatience = std::chrono::seconds(5);

Talk talk_of(const ClusterOptions& options) {
  if (options.verbose) return Talk::kVerbose;
  return options.quiet ? Talk::kQuiet : Talk::kNormal;
}

// What is shown is complete unless it is shown to a person, who could not read it.
LogView::Options view_of(const ClusterOptions& options, int fd, const Environment& environment) {
  constexpr std::size_t kReadable = 1'000;  // lines a second
  const bool goes_to_a_file = options.command == "up" && !options.foreground;  // as soon as it is up
  const bool is_terminal = !goes_to_a_file && ::isatty(fd) == 1;
  LogView::Options view;
  view.colours = is_terminal && wants_colour(fd, environment);
  view.dedup = options.log_dedup == "on" || (options.log_dedup != "off" && is_terminal);
  if (is_terminal) view.rate = kReadable;
  if (options.log_rate == "off") view.rate = 0;
  if (const long rate = std::atol(options.log_rate.c_str()); rate > 0) view.rate = static_cast<std::size_t>(rate);
  return view;
}

// A second more for each hundred nodes: srun starts them by a tree.
Duration give_up_time(const ClusterOptions& options, std::size_t nodes) {
  if (options.start_timeout > 0)
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.start_timeout));
  return std::chrono::seconds(10) + milliseconds(10) * nodes;
}

std::string two_decimals(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

std::string count_nodes(std::size_t nodes) { return std::to_string(nodes) + (nodes == 1 ? " node" : " nodes"); }

int poll_for(std::vector<pollfd>& fds, Time deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - now()).count();
  return ::poll(fds.data(), fds.size(), static_cast<int>(std::max<long>(left, 0)));
}

// Drains the signals; true when the user wants the end, now.
bool told_to_hurry(Signals& signals) {
  bool hurry = false;
  while (const auto signal = signals.next())
    hurry |= signal->ssi_signo == SIGINT || signal->ssi_signo == SIGTERM || signal->ssi_signo == SIGQUIT;
  return hurry;
}

}  // namespace

LaunchedCluster::LaunchedCluster(const ClusterOptions& options, LaunchPlan plan, Environment environment)
    : options_(options), plan_(std::move(plan)), environment_(std::move(environment)), sayer_(talk_of(options)) {}

Status LaunchedCluster::start() {
  started_ = now();
  for (const std::string& warning : plan_.warnings) say_warning(warning);
  for (const std::string& notice : plan_.notices) sayer_.detail(notice);
  Result<SessionFolder> folder = SessionFolder::create(environment_, plan_.name, options_.command);
  if (!folder.ok()) return folder.status();
  session_.emplace(std::move(*folder));
  secret_ = Secret::random();
  const ProtectedSecret secret = protect(secret_);
  if (!secret.why_plain.empty()) sayer_.detail("the secret is not sealed with munge: " + secret.why_plain);
  sayer_.detail("starting cluster " + id() + " on " + count_nodes(plan_.nodes.size()));
  Result<Step> step = Step::start(plan_, environment_, secret.text, view_of(options_, STDOUT_FILENO, environment_),
                                  view_of(options_, STDERR_FILENO, environment_));
  if (!step.ok()) return step.status();
  step_.emplace(std::move(*step));
  startup_.emplace(Startup::Options{.nodes = plan_.nodes,
                                    .share_card = plan_.wire_up_over_stdio,
                                    .give_up_after = give_up_time(options_, plan_.nodes.size())},
                   started_);
  return Status();
}

std::optional<Time> LaunchedCluster::next_tick() const {
  const std::optional<Time> output = step_->next_tick();
  const std::optional<Time> start = phase_ == Phase::kStarting ? startup_->next_tick() : std::nullopt;
  return output && start ? std::min(*output, *start) : output ? output : start;
}

void LaunchedCluster::pump() {
  std::vector<ControlEvent> events;
  std::vector<std::string> warnings;
  step_->pump(events, warnings);
  for (const std::string& warning : warnings) say_warning(warning);
  std::vector<Startup::Action> actions;
  for (const ControlEvent& event : events) startup_->on_event(event, actions);
  startup_->on_tick(now(), actions);
  if (!step_->child().running() && step_->over()) {
    startup_->on_step_end(step_->how_it_ended(), actions);
    if (phase_ == Phase::kReady) {
      phase_ = Phase::kGone;
      why_ = step_->how_it_ended();
    }
  }
  for (const Startup::Action& action : actions) act(action);
  if (phase_ != Phase::kStarting) return;
  const std::string progress = "waiting for " + startup_->waiting_for();
  if (progress != last_progress_) session_->set_progress(last_progress_ = progress);
}

void LaunchedCluster::act(const Startup::Action& action) {
  if (const auto* warn = std::get_if<Startup::Warn>(&action)) say_warning(warn->text);
  if (const auto* command = std::get_if<Startup::Command>(&action)) step_->send(command->command);
  if (const auto* ready = std::get_if<Startup::ClusterReady>(&action)) on_ready(ready->head);
  if (const auto* give_up = std::get_if<Startup::GiveUp>(&action)) fail(give_up->why);
  if (const auto* moved = std::get_if<Startup::HeadMoved>(&action)) {
    const Status status = session_->publish(moved->head, secret_, static_cast<int>(plan_.nodes.size()));
    if (!status.ok()) say_warning("the head has a new address, which clients cannot learn: " + status.message());
  }
}

void LaunchedCluster::on_ready(const Contact& head) {
  const Status status = session_->publish(head, secret_, static_cast<int>(plan_.nodes.size()));
  if (!status.ok()) return fail("its session cannot be written: " + status.message());
  phase_ = Phase::kReady;
  sayer_.info("cluster " + id() + " is ready: " + count_nodes(plan_.nodes.size()) + " in " +
              two_decimals(seconds(now() - started_)) + " s");
}

void LaunchedCluster::fail(const std::string& why) {
  phase_ = Phase::kFailed;
  why_ = why;
  session_->fail(why);
}

void LaunchedCluster::stop(Signals& signals, Hurry hurry) {
  stop_step(signals, hurry);
  session_.reset();
}

void LaunchedCluster::stop_but_tell(Signals& signals) {
  stop_step(signals, Hurry::kYes);
  if (session_) session_->fail(why_);
}

void LaunchedCluster::stop_step(Signals& signals, Hurry hurry) {
  if (!step_) return;
  const Patience& patience = hurry == Hurry::kYes ? kHurried : kPatient;
  step_->send(StopCommand{});
  step_->close_input();
  bool ended = wait_for_end(signals, patience.daemons);
  if (!ended) {
    sayer_.detail("the daemons did not end by themselves; ending their step");
    step_->child().signal(SIGTERM);
    ended = wait_for_end(signals, patience.srun);
  }
  if (!ended) kill_step(signals);
  step_->flush();
  step_.reset();
}

// srun could not end its step, e.g. since a node is gone: the controller can.
void LaunchedCluster::kill_step(Signals& signals) {
  if (plan_.kind == LaunchPlan::Kind::kStep) cancel_step();
  step_->child().signal_group(SIGKILL);
  step_->drop_output();
  wait_for_end(signals, kPatient.srun);
}

// False at `limit`, or when told to hurry. The time that somebody takes to read the output does not count.
bool LaunchedCluster::wait_for_end(Signals& signals, Duration limit) {
  Time deadline = now() + limit;
  std::vector<ControlEvent> ignored;
  std::vector<std::string> no_warnings;
  while (true) {
    step_->pump(ignored, no_warnings);
    if (step_->over()) return true;
    if (step_->held_up()) deadline = now() + limit;
    if (now() >= deadline) return false;
    std::vector<pollfd> fds = {{signals.fd(), POLLIN, 0}};
    step_->add_to(fds);
    poll_for(fds, deadline);
    if (told_to_hurry(signals)) return false;
  }
}

void LaunchedCluster::cancel_step() const {
  const Result<std::string> listed =
      capture({"squeue", "--noheader", "--steps", "--job", plan_.job, "--format=%i %j"}, environment_, kCancelPatience);
  if (!listed.ok()) return say_warning("the step of cluster " + id() + " may still run: " + listed.status().message());
  for (const std::string& step : steps_named(*listed, plan_.step_name)) {
    const Result<std::string> said = capture({"scancel", step}, environment_, kCancelPatience);
    if (!said.ok()) say_warning("step " + step + " may still run: " + said.status().message());
  }
}

std::vector<std::string> steps_named(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  std::vector<std::string> steps;
  for (std::string step, called; lines >> step >> called;)
    if (called == name) steps.push_back(step);
  return steps;
}

}  // namespace Atoll
