#include "launcher/keeper.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>

#include "launcher/commands.h"

namespace Atoll {
namespace {

bool has_hung_up(int fd) {
  pollfd ready = {fd, 0, 0};
  return fd >= 0 && ::poll(&ready, 1, 0) > 0;
}

}  // namespace

void Keeper::wait(int abandoned, std::optional<Time> until) {
  std::vector<pollfd> fds = {{signals_.fd(), POLLIN, 0}, {abandoned, 0, 0}};
  cluster_.add_to(fds);
  int limit = -1;
  if (until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - now()).count();
    limit = static_cast<int>(std::clamp<long>(left, 0, 3'600'000));
  }
  ::poll(fds.data(), fds.size(), limit);
}

bool Keeper::told_to_end() {
  bool told = false;
  while (const auto signal = signals_.next()) {
    const int number = static_cast<int>(signal->ssi_signo);
    told |= number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT;
  }
  return told;
}

bool Keeper::bring_up(int abandoned) {
  std::string why;
  if (const Status started = cluster_.start(); !started.ok()) why = started.message();
  while (why.empty() && cluster_.phase() == LaunchedCluster::Phase::kStarting) {
    wait(abandoned, cluster_.next_tick());
    cluster_.pump();
    if (told_to_end() || has_hung_up(abandoned)) why = "atoll up was ended";
  }
  if (why.empty() && cluster_.phase() == LaunchedCluster::Phase::kReady) return true;
  say_error("the cluster did not come up: " + (why.empty() ? cluster_.why() : why));
  cluster_.stop(signals_, LaunchedCluster::Hurry::kYes);
  return false;
}

int Keeper::keep() {
  bool told = false;
  while (cluster_.phase() == LaunchedCluster::Phase::kReady && !told) {
    wait(-1, std::nullopt);
    cluster_.pump();
    told = told_to_end();
  }
  if (!told) say_error("cluster " + cluster_.id() + " has ended: " + cluster_.why());
  cluster_.stop(signals_, LaunchedCluster::Hurry::kNo);
  return told ? kExitOk : kExitFailure;
}

}  // namespace Atoll
