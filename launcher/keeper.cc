#include "launcher/keeper.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>

#include "launcher/commands.h"

namespace Atoll {
namespace {

constexpr std::chrono::milliseconds kLastWord{1000};

bool has_hung_up(int fd) {
  pollfd ready = {fd, POLLRDHUP, 0};
  return fd >= 0 && ::poll(&ready, 1, 0) > 0;
}

bool hangs_up_within(int fd, std::chrono::milliseconds limit) {
  pollfd ready = {fd, POLLRDHUP, 0};
  return fd >= 0 && ::poll(&ready, 1, static_cast<int>(limit.count())) > 0;
}

bool told_to_end(Signals& signals) {
  bool told = false;
  while (const auto signal = signals.next()) {
    const int number = static_cast<int>(signal->ssi_signo);
    told |= number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT;
  }
  return told;
}

void await_end(Signals& signals, int lifeline) {
  std::vector<pollfd> fds = {{signals.fd(), POLLIN, 0}, {lifeline, POLLRDHUP, 0}};
  while (!has_hung_up(lifeline) && !told_to_end(signals)) ::poll(fds.data(), fds.size(), -1);
}

}  // namespace

void tell_of_failure(const std::string& name, const std::string& why, int lifeline) {
  Signals signals;
  Result<SessionFolder> folder = SessionFolder::create(current_environment(), name, "up");
  if (!folder.ok()) return say_warning(folder.status().message());
  folder->fail(why);
  await_end(signals, lifeline);
}

void Keeper::wait(int abandoned, std::optional<Time> until) {
  std::vector<pollfd> fds = {{signals_.fd(), POLLIN, 0}, {abandoned, POLLRDHUP, 0}};
  cluster_.add_to(fds);
  int limit = -1;
  if (until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - now()).count();
    limit = static_cast<int>(std::clamp<long>(left, 0, 3'600'000));
  }
  ::poll(fds.data(), fds.size(), limit);
}

bool Keeper::await_ready(int abandoned, std::string& why) {
  if (const Status started = cluster_.start(); !started.ok()) why = started.message();
  while (why.empty() && cluster_.phase() == LaunchedCluster::Phase::kStarting) {
    wait(abandoned, cluster_.next_tick());
    if (told_to_end(signals_) || has_hung_up(abandoned)) why = "atoll up was ended";
    cluster_.pump();  // after the signals: a child that ends after we looked brings another
  }
  if (why.empty()) why = cluster_.why();
  return cluster_.phase() == LaunchedCluster::Phase::kReady && why.empty();
}

bool Keeper::bring_up(int abandoned) {
  std::string why;
  if (await_ready(abandoned, why)) return true;
  say_error("the cluster did not come up: " + why);
  cluster_.stop(signals_, LaunchedCluster::Hurry::kYes);
  return false;
}

int Keeper::keep(int lifeline) {
  bool told = false;
  while (cluster_.phase() == LaunchedCluster::Phase::kReady && !told) {
    wait(lifeline, cluster_.next_tick());
    told = told_to_end(signals_) || has_hung_up(lifeline);
    cluster_.pump();
  }
  // An srun with an allocation of its own gives it back, with our daemons, before it lets go of us.
  if (told || hangs_up_within(lifeline, kLastWord)) {
    cluster_.stop(signals_, LaunchedCluster::Hurry::kNo);
    return kExitOk;
  }
  say_error("cluster " + cluster_.id() + " has ended: " + cluster_.why());
  if (lifeline < 0)
    cluster_.stop(signals_, LaunchedCluster::Hurry::kNo);
  else
    tell_until_end(lifeline);
  return kExitFailure;
}

int Keeper::keep_promise(int lifeline) {
  std::string why;
  if (await_ready(lifeline, why)) return keep(lifeline);
  if (!has_hung_up(lifeline)) say_error("the cluster did not come up: " + why);
  tell_until_end(lifeline);
  return kExitFailure;
}

void Keeper::tell_until_end(int lifeline) {
  cluster_.stop_but_tell(signals_);
  await_end(signals_, lifeline);
}

}  // namespace Atoll
