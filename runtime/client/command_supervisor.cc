#include "runtime/client/command_supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "runtime/client/command_port.h"
#include "runtime/client/termination.h"

namespace Atoll {
namespace {

using Question = CommandHealth::Question;
using std::chrono::milliseconds;

constexpr Duration kPortEvery = milliseconds(50);
constexpr Duration kReadyEvery = milliseconds(200);
constexpr Duration kReadyTimeout = std::chrono::seconds(10);

CommandHealth::Rules rules_of(const internal::CommandSpec& spec) {
  CommandHealth::Rules rules;
  rules.asks_ready = spec.port || spec.asks_ready;
  rules.ready_every = spec.port ? kPortEvery : kReadyEvery;
  rules.ready_timeout = kReadyTimeout;
  rules.ready_limit = milliseconds(spec.ready_limit);
  rules.asks_health = spec.asks_health;
  rules.health_every = milliseconds(spec.health_every);
  rules.health_timeout = milliseconds(spec.health_timeout);
  rules.failures = spec.health_failures;
  return rules;
}

// For poll(2): not negative, and an hour at most.
int milliseconds_until(Time then) {
  const auto left = std::chrono::ceil<milliseconds>(then - now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

bool is_readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

}  // namespace

CommandSupervisor::CommandSupervisor(Options options)
    : options_(std::move(options)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  hold_termination(wake_.get());
  thread_ = std::thread([this] { run(); });
}

CommandSupervisor::~CommandSupervisor() {
  {
    const std::lock_guard lock(mutex_);
    is_unwanted_ = true;
  }
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

void CommandSupervisor::wait_ready() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return is_ready_; });
}

pid_t CommandSupervisor::pid() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return command_.has_value(); });
  return command_->pid();
}

Status CommandSupervisor::signal(int number) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return command_.has_value(); });
  return command_->signal(number);
}

// ------------------------------------------------------------------- the thread

void CommandSupervisor::run() {
  if (pause()) start();
  if (command_) {
    CommandHealth health(rules_of(options_.spec), now());
    supervise(health);
  }
  release_termination();
}

// Whether it is still wanted after the pause.
bool CommandSupervisor::pause() {
  const Time end = now() + options_.pause;
  while (!is_asked_to_end() && now() < end) sleep(end);
  return !is_asked_to_end();
}

void CommandSupervisor::start() {
  const internal::CommandSpec& spec = options_.spec;
  Status failed = check_probes();
  if (failed.ok()) {
    Result<CommandProcess> started =
        CommandProcess::start({spec.words, spec.directory, options_.environment, /*silent=*/false});
    failed = started.status();
    const std::lock_guard lock(mutex_);
    if (started.ok()) command_.emplace(std::move(*started));
  }
  if (!failed.ok()) report("cannot be started: " + failed.message(), /*restartable=*/false, std::nullopt);
}

// What can never answer is better said at once.
Status CommandSupervisor::check_probes() const {
  const auto check = [this](const std::vector<std::string>& words, const char* what) {
    if (words.empty()) return Status();
    return find_executable(words.front(), options_.spec.directory, options_.environment).status().prefixed(what);
  };
  ATOLL_RETURN_IF_ERROR(check(options_.spec.ready_words, "its ready_when()"));
  return check(options_.spec.health_words, "its health_check()");
}

void CommandSupervisor::supervise(CommandHealth& health) {
  while (!is_readable(command_->pidfd())) {
    end_if_asked();
    if (kill_at_ || reported_) {
      sleep(kill_at_);
      continue;
    }
    probe(health);
    sleep(health.next_deadline());
  }
  probe_.reset();
  std::unique_lock lock(mutex_);
  const CommandProcess::End end = command_->reap();
  command_.reset();
  lock.unlock();
  if (!kill_at_ && !is_asked_to_end()) report(end.words, end.status != 0, end.status);
}

void CommandSupervisor::sleep(std::optional<Time> until) const {
  pollfd fds[] = {{command_ ? command_->pidfd() : -1, POLLIN, 0},
                  {wake_.get(), POLLIN, 0},
                  {probe_ ? probe_->pidfd() : -1, POLLIN, 0}};
  ::poll(fds, std::size(fds), until ? milliseconds_until(*until) : -1);
  eventfd_t count = 0;
  ::eventfd_read(wake_.get(), &count);
}

bool CommandSupervisor::is_asked_to_end() const {
  const std::lock_guard lock(mutex_);
  return is_unwanted_ || termination_came();
}

void CommandSupervisor::end_if_asked() {
  const Time at = now();
  if (!kill_at_ && is_asked_to_end()) {
    kill_at_ = at + kGrace;
    probe_.reset();
    [[maybe_unused]] const Status told = command_->signal(SIGTERM);
  } else if (kill_at_ && at >= *kill_at_) {
    kill_at_ = at + kGrace;
    [[maybe_unused]] const Status killed = command_->signal(SIGKILL);
  }
}

void CommandSupervisor::probe(CommandHealth& health) {
  finish_probe(health);
  if (const Question question = health.ask(now()); question != Question::kNone) start_probe(health, question);
  health.on_time(now());
  if (health.is_ready() && !is_ready_) {
    const std::lock_guard lock(mutex_);
    is_ready_ = true;
    changed_.notify_all();
  }
  if (health.failure().empty()) return;
  probe_.reset();
  report(health.failure(), /*restartable=*/true, std::nullopt);
}

const std::vector<std::string>& CommandSupervisor::words_for(Question question) const {
  return question == Question::kHealth ? options_.spec.health_words : options_.spec.ready_words;
}

void CommandSupervisor::start_probe(CommandHealth& health, Question question) {
  if (question == Question::kReady && options_.spec.port)
    return health.answer(now(), why_not_listening(command_->pid(), *options_.spec.port));
  probes_ = question;
  Result<CommandProcess> started = CommandProcess::start(
      {words_for(question), options_.spec.directory, options_.environment, /*silent=*/true});
  if (!started.ok()) return health.answer(now(), started.status().message());
  probe_.emplace(std::move(*started));
}

void CommandSupervisor::finish_probe(CommandHealth& health) {
  if (!probe_) return;
  const std::string& program = words_for(probes_).front();
  if (is_readable(probe_->pidfd())) {
    const CommandProcess::End end = probe_->reap();
    probe_.reset();
    return health.answer(now(), end.status == 0 ? "" : program + " " + end.words);
  }
  if (!health.is_overdue(now())) return;
  for (const pid_t each : family_of(probe_->pid())) ::kill(each, SIGKILL);
  probe_.reset();
  health.answer(now(), program + " did not end within " + words_of(health.timeout_of(probes_)));
}

void CommandSupervisor::report(const std::string& what, bool restartable, std::optional<int> status) {
  if (std::exchange(reported_, true)) return;
  options_.on_end({words_of(options_.spec.words) + " " + what, restartable, status});
}

// ------------------------------------------------------------------------- spec

namespace {

Status refuse(std::string why) { return Status(Code::kInvalidArgument, std::move(why)); }

Status check_words(const std::vector<std::string>& words, const std::string& what) {
  if (words.empty() || words.front().empty())
    return refuse(what + ": expected a program and its arguments, but there is no program");
  for (const std::string& word : words)
    if (word.find('\0') != std::string::npos)
      return refuse(what + ": a word has a zero byte in it, which no program can be given");
  return Status();
}

Status check_health(const internal::CommandSpec& spec) {
  ATOLL_RETURN_IF_ERROR(check_words(spec.health_words, "health_check"));
  if (spec.health_every <= 0 || spec.health_timeout <= 0)
    return refuse("health_check: expected times of 1 ms or more, not every " + std::to_string(spec.health_every) +
                  " ms for " + std::to_string(spec.health_timeout) + " ms");
  if (spec.health_failures < 1)
    return refuse("health_check: expected 1 failure or more, not " + std::to_string(spec.health_failures));
  return Status();
}

Status check_ready(const internal::CommandSpec& spec) {
  if (spec.port && (*spec.port < 1 || *spec.port > 65535))
    return refuse("ready_when_listening: expected a port from 1 to 65535, not " + std::to_string(*spec.port));
  if (spec.ready_limit <= 0)
    return refuse("ready_within: expected 1 ms or more, not " + std::to_string(spec.ready_limit) + " ms");
  if (!spec.asks_ready) return Status();
  if (spec.port) return refuse("ready_when() and ready_when_listening() exclude each other; choose one");
  return check_words(spec.ready_words, "ready_when");
}

}  // namespace

Status check_command(const internal::CommandSpec& spec) {
  ATOLL_RETURN_IF_ERROR(check_words(spec.words, "command"));
  ATOLL_RETURN_IF_ERROR(check_ready(spec));
  for (const auto& [name, value] : spec.environment) {
    const bool is_name = !name.empty() && name.find('=') == std::string::npos && name.find('\0') == std::string::npos;
    if (!is_name || value.find('\0') != std::string::npos)
      return refuse("environment: '" + name + "' cannot be a variable's name, or its value has a zero byte in it");
  }
  return spec.asks_health ? check_health(spec) : Status();
}

}  // namespace Atoll
