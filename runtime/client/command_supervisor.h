#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <atoll/command.h>

#include "runtime/base/environment.h"
#include "runtime/base/fd.h"
#include "runtime/client/command_health.h"
#include "runtime/client/command_process.h"

namespace Atoll {

// Runs a command beside this process and looks after it, in a thread of its own.
//
// SUPERVISOR-1 how the command ended is said once, and not if it was asked to end
// SUPERVISOR-2 SIGTERM to this process is passed on, and ends it only after the command (termination.h)
// SUPERVISOR-3 what does not end so long after SIGTERM is killed; the daemon may do so sooner
class CommandSupervisor {
 public:
  struct End {
    std::string why;
    bool restartable = false;
    std::optional<int> status;  // with which the command ended
  };
  struct Options {
    internal::CommandSpec spec;
    Environment environment;                // the command's, all of it
    Duration pause{};                       // before it is started
    std::function<void(const End&)> on_end;  // in the supervisor's thread
  };
  static constexpr Duration kGrace = std::chrono::seconds(10);

  explicit CommandSupervisor(Options options);
  // Asks the command to end, and waits for it.
  ~CommandSupervisor();

  // Of these each waits for ever if the command has ended: this process ends soon, and says why.
  void wait_ready();
  pid_t pid();
  Status signal(int number);

 private:
  void run();
  bool pause();
  void start();
  Status check_probes() const;
  void supervise(CommandHealth& health);
  void sleep(std::optional<Time> until) const;
  bool is_asked_to_end() const;
  void end_if_asked();
  void probe(CommandHealth& health);
  void start_probe(CommandHealth& health, CommandHealth::Question question);
  void finish_probe(CommandHealth& health);
  void report(const std::string& what, bool restartable, std::optional<int> status);
  const std::vector<std::string>& words_for(CommandHealth::Question question) const;

  Options options_;
  Fd wake_;  // an eventfd
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ready_ = false;  // changed under mutex_
  bool is_unwanted_ = false;
  std::optional<CommandProcess> command_;  // changed under mutex_
  // The thread's own.
  std::optional<CommandProcess> probe_;
  CommandHealth::Question probes_ = CommandHealth::Question::kNone;
  std::optional<Time> kill_at_;
  bool reported_ = false;
  std::thread thread_;
};

// What is wrong with the spec; success if nothing is.
Status check_command(const internal::CommandSpec& spec);

}  // namespace Atoll
