// Plays a node daemon towards its launcher, for the launcher's tests: says what a daemon says, and does nothing.
// FAKE_ATOLLD_<rank>, else FAKE_ATOLLD, chooses the part; see `parts`.

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "runtime/wire/card.h"
#include "runtime/wire/control_line.h"

namespace {

using namespace Atoll;

std::string variable(const std::string& name, const std::string& fallback) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? fallback : value;
}

struct Daemon {
  int rank = std::atoi(variable("SLURM_PROCID", "0").c_str());
  std::string node = variable("SLURMD_NODENAME", "localhost");

  void say(const ControlEvent& event) const {
    for (const std::string& line : encode_event(event)) (void)!::write(1, line.data(), line.size());
  }
  void say_card() const {
    Card card;
    card.host = node;
    card.rank = rank;
    card.daemon = {static_cast<ProcessId>(100 + rank), static_cast<NodeId>(rank), "daemon"};
    if (rank == 0) card.head = {static_cast<ProcessId>(7), static_cast<NodeId>(0), "head"};
    say(CardEvent{rank, node, encode_card(card)});
  }
  // Until the command, or the end of stdin; false on the latter.
  template <typename Command>
  bool wait_for() const {
    for (std::string line; std::getline(std::cin, line);) {
      const Result<ControlCommand> command = decode_command(line);
      if (command.ok() && std::holds_alternative<Command>(*command)) return true;
    }
    return false;
  }
};

bool wire_up(const Daemon& daemon) {
  daemon.say(PresentEvent{daemon.rank, daemon.node, ::getpid()});
  daemon.say(StageEvent{daemon.rank, daemon.node, "fence"});
  const bool stdio = variable("ATOLL_WIREUP", "") == "stdio";
  if (daemon.rank == 0 || stdio) daemon.say_card();
  if (daemon.rank != 0 && stdio && !daemon.wait_for<CardCommand>()) return false;
  daemon.say(ReadyEvent{daemon.rank, daemon.node});
  return true;
}

int end_when_told(const Daemon& daemon) {
  daemon.wait_for<StopCommand>();
  return 0;
}

int be_ready(const Daemon& daemon) { return wire_up(daemon) ? end_when_told(daemon) : 1; }

int chat(const Daemon& daemon) {
  const std::string out = "out of " + daemon.node + "\n", err = "err of " + daemon.node + "\n";
  (void)!::write(1, out.data(), out.size());
  (void)!::write(2, err.data(), err.size());
  return be_ready(daemon);
}

int fail(const Daemon& daemon) {
  daemon.say(PresentEvent{daemon.rank, daemon.node, ::getpid()});
  daemon.say(FailedEvent{daemon.rank, daemon.node, "no room on this node"});
  return 1;
}

int hang(const Daemon& daemon) {
  daemon.say(PresentEvent{daemon.rank, daemon.node, ::getpid()});
  daemon.say(StageEvent{daemon.rank, daemon.node, "fence"});
  return end_when_told(daemon);
}

int stay_silent(const Daemon& daemon) { return end_when_told(daemon); }

// Ready, and then nothing but SIGKILL ends it.
int be_deaf(const Daemon& daemon) {
  ::signal(SIGTERM, SIG_IGN);
  wire_up(daemon);
  while (true) ::pause();
}

// Ready, and dies as soon as the driver has begun (it makes the file FAKE_ATOLLD_DIE).
int die(const Daemon& daemon) {
  wire_up(daemon);
  const std::string sign = variable("FAKE_ATOLLD_DIE", "");
  while (::access(sign.c_str(), F_OK) != 0) ::usleep(10'000);
  return 9;
}

const std::map<std::string, std::function<int(const Daemon&)>> parts = {
    {"ready", be_ready},     {"chat", chat},    {"fail", fail}, {"hang", hang},
    {"silent", stay_silent}, {"deaf", be_deaf}, {"die", die}};

}  // namespace

int main() {
  const Daemon daemon;
  const std::string part = variable("FAKE_ATOLLD_" + std::to_string(daemon.rank), variable("FAKE_ATOLLD", "ready"));
  const auto found = parts.find(part);
  if (found == parts.end()) return 2;
  return found->second(daemon);
}
