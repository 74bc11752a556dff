#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/plan.h"
#include "launcher/say.h"
#include "launcher/signals.h"
#include "launcher/startup.h"
#include "launcher/step.h"
#include "runtime/session/session_folder.h"

namespace Atoll {

// A cluster from its launcher's side: the step, its start-up, and the session by which others on this host find it.
// For `atoll run` and the keeper of `atoll up`, whose loops it joins. Whoever started one must stop() it.
class LaunchedCluster {
 public:
  enum class Phase {
    kStarting,
    kReady,
    kFailed,  // did not come up: why()
    kGone,    // was ready, then its step ended: why()
  };

  LaunchedCluster(const ClusterOptions& options, LaunchPlan plan, Environment environment);

  // Makes the session folder and the secret and starts the step.
  Status start();

  // What to poll for, and until when, before the next pump().
  void add_to(std::vector<pollfd>& fds) const { step_->add_to(fds); }
  std::optional<Time> next_tick() const;
  void pump();

  Phase phase() const { return phase_; }
  const std::string& why() const { return why_; }
  std::string id() const { return plan_.job + "-" + plan_.name; }
  std::string session_path() const { return session_->path(); }
  const Session& session() const { return session_->session(); }

  // Ends every daemon and waits for the step's end, for a bounded time; `hurry` says how long. A SIGINT or SIGTERM
  // while it waits makes it hurry more. Afterwards nothing of the cluster runs.
  enum class Hurry { kNo, kYes };
  void stop(Signals& signals, Hurry hurry);
  // The same, but the session's folder goes on saying, to whoever looks for the cluster, why there is none; until we
  // are destroyed.
  void stop_but_tell(Signals& signals);

 private:
  void act(const Startup::Action& action);
  void on_ready(const Contact& head);
  void fail(const std::string& why);
  void stop_step(Signals& signals, Hurry hurry);
  bool wait_for_end(Signals& signals, Duration limit);
  void kill_step(Signals& signals);
  void cancel_step() const;

  ClusterOptions options_;
  LaunchPlan plan_;
  Environment environment_;
  Sayer sayer_;
  Secret secret_;
  std::optional<SessionFolder> session_;
  std::optional<Step> step_;
  std::optional<Startup> startup_;
  std::string last_progress_;
  Time started_;
  Phase phase_ = Phase::kStarting;
  std::string why_;
};

// The ids of the steps called `name` in what `squeue --steps` prints with --format="%i %j".
std::vector<std::string> steps_named(const std::string& text, const std::string& name);

}  // namespace Atoll
