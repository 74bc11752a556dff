#include "runtime/client/io_turns.h"

#include <algorithm>

namespace Atoll {
namespace {

constexpr Duration kLongSleep = std::chrono::seconds(10);
// How long the I/O thread looks for more before it sleeps.
constexpr Duration kServeSpin = std::chrono::microseconds(20);

std::chrono::steady_clock::time_point steady(Time time) {
  return std::chrono::steady_clock::time_point(time.time_since_epoch());
}

}  // namespace

thread_local IoTurns::Self IoTurns::self_;
constinit thread_local IoTurns::Wait IoTurns::last_wait_;

void IoTurns::kick() {
  kicked_ = true;
  if (!self_.in_turn) try_round(now());
}

bool IoTurns::try_round(Time at) {
  if (!turn_.try_lock()) return false;
  self_.in_turn = true;
  kicked_ = false;
  const bool any = work_.round(at);
  finish_turn(any);
  return any;
}

bool IoTurns::try_rounds(Time at) {
  if (!turn_.try_lock()) return false;
  self_.in_turn = true;
  kicked_ = false;
  bool any = false;
  for (int i = 0; i < kRoundsInATurn && !any; ++i) any = work_.round(at);
  finish_turn(any);
  return any;
}

// Whoever had the turn when something was kicked looks again after giving it up, so that no kick is left over.
void IoTurns::finish_turn(bool any) {
  self_.in_turn = false;
  turn_.unlock();
  while (kicked_ && turn_.try_lock()) {
    self_.in_turn = true;
    kicked_ = false;
    any |= work_.round(now());
    self_.in_turn = false;
    turn_.unlock();
  }
  if (!any) return;
  if (!self_.serves) helped_.fetch_add(1, std::memory_order_relaxed);
  tell_others();
}

// What a round changed may be what others wait for. A waiting thread counts itself before it looks, under the locks of
// what it looks at: if it missed the change, it is counted here.
void IoTurns::tell_others() {
  if (sleeper_ && !self_.sleeps) work_.wake();
  if (waiting_ == 0) return;
  const std::lock_guard lock(sleep_mutex_);
  changed_.notify_all();
}

bool IoTurns::sleep(const Done& done, std::optional<Time> deadline) {
  std::unique_lock lock(sleep_mutex_);
  ++waiting_;
  bool found;
  while (!(found = done()) && !(deadline && now() >= *deadline)) {
    if (!sleeper_) {
      sleep_for_all(lock, deadline, Duration(0));
      continue;
    }
    if (io_sleeps_) work_.wake();  // it makes room: who waits for something hears of it first
    if (deadline)
      changed_.wait_until(lock, steady(*deadline));
    else
      changed_.wait(lock);
  }
  --waiting_;
  // Somebody else must sleep for all now.
  if (!sleeper_) (waiting_ > 0 ? changed_ : io_).notify_one();
  return found;
}

void IoTurns::sleep_for_all(std::unique_lock<std::mutex>& lock, std::optional<Time> deadline, Duration spin) {
  sleeper_ = true;
  self_.sleeps = true;
  lock.unlock();
  sleep_once(deadline, spin);
  lock.lock();
  self_.sleeps = false;
  sleeper_ = false;
}

// Rounds until nothing has happened for `spin`, a sleep until something does, and a round after it.
void IoTurns::sleep_once(std::optional<Time> deadline, Duration spin) {
  Time at = now();
  for (const Time start = at; at - start < spin; at = now())
    if (try_round(at)) return;
  Time until = std::min(deadline.value_or(at + kLongSleep), at + kLongSleep);
  bool armed;
  {
    const std::lock_guard turn(turn_);
    self_.in_turn = true;
    kicked_ = false;
    armed = !work_.round(at) && work_.arm();
    until = std::min(until, work_.deadline().value_or(until));
    self_.in_turn = false;
  }
  if (armed && !kicked_) work_.sleep(until);
  try_round(now());
}

void IoTurns::learn(Duration waited) {
  const Duration limit(spin_limit_.load(std::memory_order_relaxed));
  const Duration next = waited < 4 * kMostSpin ? kMostSpin : std::max(limit / 2, kLeastSpin);
  if (next != limit) spin_limit_.store(next.count(), std::memory_order_relaxed);
}

void IoTurns::serve() {
  self_.serves = true;
  std::uint64_t seen = helped_;
  std::unique_lock lock(sleep_mutex_);
  while (!stopping_) {
    if (sleeper_ || waiting_ > 0) {
      io_.wait(lock);
    } else if (const std::uint64_t helped = helped_; helped != seen) {
      seen = helped;
      io_.wait_for(lock, kNap);
    } else {
      io_sleeps_ = true;
      sleep_for_all(lock, std::nullopt, kServeSpin);
      io_sleeps_ = false;
      if (waiting_ > 0) changed_.notify_one();
    }
  }
  lock.unlock();
  const std::lock_guard turn(turn_);
  self_.in_turn = true;
  work_.round(now());
  self_.in_turn = false;
}

void IoTurns::stop() {
  {
    const std::lock_guard lock(sleep_mutex_);
    stopping_ = true;
    io_.notify_all();
  }
  work_.wake();
}

}  // namespace Atoll
