#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/control_line.h"

namespace Atoll {

// Brings the events of the daemons together into one answer: the cluster is ready, or it will not come up, and which
// nodes are the reason. A state machine without I/O and without a clock.
//
// STARTUP-1  Exactly one of ClusterReady and GiveUp comes out, once.
// STARTUP-2  GiveUp names the nodes that got least far, and how far: in a fence, all wait for them.
// STARTUP-3  Ready means: each rank said so, and rank 0 said where the head is.
class Startup {
 public:
  struct Options {
    std::vector<std::string> nodes;  // by rank, as Slurm lists them
    bool share_card = false;         // stdio wire-up: every daemon needs rank 0's card
    Duration warn_after = std::chrono::seconds(3);
    Duration give_up_after = std::chrono::seconds(10);
  };

  struct Warn {
    std::string text;
    friend bool operator==(const Warn&, const Warn&) = default;
  };
  struct Command {
    ControlCommand command;
    friend bool operator==(const Command&, const Command&) = default;
  };
  struct ClusterReady {
    Contact head;
    friend bool operator==(const ClusterReady&, const ClusterReady&) = default;
  };
  struct HeadMoved {  // after ready: rank 0 said another card
    Contact head;
    friend bool operator==(const HeadMoved&, const HeadMoved&) = default;
  };
  struct GiveUp {
    std::string why;
    friend bool operator==(const GiveUp&, const GiveUp&) = default;
  };
  using Action = std::variant<Warn, Command, ClusterReady, HeadMoved, GiveUp>;

  Startup(Options options, Time started);

  void on_event(const ControlEvent& event, std::vector<Action>& out);
  void on_tick(Time now, std::vector<Action>& out);
  // The step ended; `how` as in "srun ended with exit code 1".
  void on_step_end(const std::string& how, std::vector<Action>& out);

  bool settled() const { return settled_; }
  // When on_tick() has something to say next; nothing is due once settled.
  std::optional<Time> next_tick() const;
  // "n2, n3 (not heard from)", of those that got least far; "" when all are ready.
  std::string waiting_for() const;

 private:
  enum class Progress { kSilent, kPresent, kWiringUp, kReady };
  struct Rank {
    std::string node;
    Progress progress = Progress::kSilent;
    std::string stage;  // of wire-up
  };

  void advance(Rank* rank, Progress progress, const std::string& stage = "");
  static std::string words_for(const Rank& rank);
  Rank* find(int rank, const std::string& node, std::vector<Action>& out);
  void on_card(const CardEvent& event, std::vector<Action>& out);
  void on_failed(const FailedEvent& event, std::vector<Action>& out);
  void give_up(const std::string& why, std::vector<Action>& out);
  void settle_if_ready(std::vector<Action>& out);

  Options options_;
  Time started_;
  std::vector<Rank> ranks_;
  std::size_t ready_ = 0;
  Contact head_;
  bool warned_ = false;
  bool settled_ = false;
};

}  // namespace Atoll
