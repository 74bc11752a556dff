#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "runtime/client/io_turns.h"

namespace Atoll {

// I/O of a test: events that any thread brings, and that a round carries out.
class FakeIo : public IoWork {
 public:
  // Something arrives: the next round calls it.
  void arrive(std::function<void()> event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    woken_.notify_all();
  }
  int sleeps() const { return sleeps_; }
  bool overlapped() const { return overlapped_; }

  bool round(Time) override {
    if (in_round_.exchange(true)) overlapped_ = true;
    std::deque<std::function<void()>> events;
    {
      const std::lock_guard lock(mutex_);
      events.swap(events_);
    }
    for (const auto& event : events) event();
    in_round_ = false;
    return !events.empty();
  }
  bool arm() override {
    const std::lock_guard lock(mutex_);
    return events_.empty();
  }
  std::optional<Time> deadline() override { return std::nullopt; }
  void sleep(Time until) override {
    if (in_sleep_.exchange(true)) overlapped_ = true;
    ++sleeps_;
    std::unique_lock lock(mutex_);
    woken_.wait_until(lock, std::chrono::steady_clock::time_point(until.time_since_epoch()),
                      [this] { return !events_.empty() || wake_; });
    wake_ = false;
    in_sleep_ = false;
  }
  void wake() override {
    const std::lock_guard lock(mutex_);
    wake_ = true;
    woken_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  std::deque<std::function<void()>> events_;
  bool wake_ = false;
  std::atomic<int> sleeps_{0};
  std::atomic<bool> in_round_{false}, in_sleep_{false}, overlapped_{false};
};

}  // namespace Atoll
