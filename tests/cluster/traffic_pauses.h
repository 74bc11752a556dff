#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

// Times at which all parts of the traffic stop for a moment, with nothing under way, so that what processes keep can be seen.
class Pauses {
 public:
  using Clock = std::chrono::steady_clock;

  Pauses(std::vector<Clock::time_point> due, std::function<void(std::size_t)> during)
      : due_(std::move(due)), during_(std::move(during)) {}

  void join() {
    const std::lock_guard lock(mutex_);
    ++members_;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    --members_;
    if (waiting_ > 0 && waiting_ == members_) pause();
  }
  // Each part calls it when it waits for nothing.
  void pause_if_due() {
    std::unique_lock lock(mutex_);
    const std::size_t number = done_;
    if (number == due_.size() || Clock::now() < due_[number]) return;
    if (++waiting_ == members_) return pause();
    over_.wait(lock, [&] { return done_ != number; });
  }

 private:
  void pause() {
    during_(done_ + 1);
    ++done_;
    waiting_ = 0;
    over_.notify_all();
  }

  const std::vector<Clock::time_point> due_;
  const std::function<void(std::size_t)> during_;
  std::mutex mutex_;
  std::condition_variable over_;
  int members_ = 0, waiting_ = 0;
  std::size_t done_ = 0;
};
