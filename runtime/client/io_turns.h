#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "runtime/base/clock.h"

namespace Atoll {

// What threads take turns at: one process's I/O. All but sleep() and wake() are called by the thread whose turn it is.
class IoWork {
 public:
  virtual ~IoWork() = default;
  // Does what can be done without waiting; returns whether anything happened.
  virtual bool round(Time now) = 0;
  // Whether sleep() may be called: an event that comes from now on ends it.
  virtual bool arm() = 0;
  // When round() must be called though nothing happened.
  virtual std::optional<Time> deadline() = 0;
  // Waits for an event, for wake(), or until `until`. One thread at a time, not in its turn.
  virtual void sleep(Time until) = 0;
  virtual void wake() = 0;
};

// Lets a thread that waits for an answer fetch it itself: it does rounds, first spinning and then sleeping, until what
// it waits for is there. A hand-over to another thread would cost two wake-ups, of 60 µs each, for a call that takes one
// µs. While no thread waits the process's own I/O thread, in serve(), does the rounds.
//
// TURNS-1 only one thread at a time is in a round, and only one sleeps in IoWork::sleep()
// TURNS-2 whatever a round settles wakes the threads that wait for it
// TURNS-3 when nobody else does rounds any more, the I/O thread begins within kNap
// TURNS-4 nobody spins for long when nothing happens
class IoTurns {
 public:
  explicit IoTurns(IoWork& work) : work_(work) {}

  // There is new work. Does a round at once if it is nobody's turn, else whose turn it is does it.
  void kick();

  // Runs `now_or_never` in this thread's turn and a round after it, unless another thread has the turn or this thread is
  // in a round already: then it is not run, and the answer is no.
  template <typename Run>
  bool try_run(Run now_or_never) {
    if (self_.in_turn || !turn_.try_lock()) return false;
    self_.in_turn = true;
    const Time at = now();
    now_or_never(at);
    work_.round(at);
    finish_turn(true);
    return true;
  }

  // Waits until `done`, which must be cheap and may take locks that no caller of IoTurns holds. Returns whether it is.
  template <typename Done>
  bool wait(Done done, std::optional<Time> deadline) {
    if (done()) return true;
    if (self_.in_turn) return false;  // from within a round there is nobody else to wait for
    const Time start = now();
    const bool found = spin(start, done, deadline) || sleep(done, deadline);
    const Time end = now();
    learn(end - start);
    if (last_wait_.begin == Time()) last_wait_.begin = start;
    last_wait_.end = end;
    return found;
  }

  // From the beginning of the first wait of the calling thread since this was cleared to the end of its last one; Time()
  // if it had to wait for nothing.
  struct Wait {
    Time begin{}, end{};
  };
  static Wait& last_wait() { return last_wait_; }

  // The I/O thread's loop, until stop(); does a last round then.
  void serve();
  void stop();

  // How soon the I/O thread looks after waiting threads.
  static constexpr Duration kNap = std::chrono::milliseconds(1);
  // How long a thread spins at most, and at least: a wake-up or two, and what it costs to find out.
  static constexpr Duration kMostSpin = std::chrono::microseconds(100);
  static constexpr Duration kLeastSpin = std::chrono::microseconds(5);
  // Rounds that a spinning thread does in one turn while nothing happens: the lock and the clock cost more than they do.
  static constexpr int kRoundsInATurn = 8;

 private:
  using Done = std::function<bool()>;

  template <typename Check>
  bool spin(Time start, const Check& done, std::optional<Time> deadline) {
    const Duration limit(spin_limit_.load(std::memory_order_relaxed));
    for (Time at = start, quiet = start; at - quiet <= limit; at = now()) {
      if (try_rounds(at)) quiet = at;
      if (done()) return true;
      if (deadline && at >= *deadline) return false;
      __builtin_ia32_pause();
    }
    return false;
  }
  bool sleep(const Done& done, std::optional<Time> deadline);
  void sleep_for_all(std::unique_lock<std::mutex>& lock, std::optional<Time> deadline, Duration spin);
  void sleep_once(std::optional<Time> deadline, Duration spin);
  bool try_round(Time at);
  bool try_rounds(Time at);
  void finish_turn(bool any);
  void tell_others();
  void learn(Duration waited);

  // What the calling thread is doing.
  struct Self {
    bool in_turn = false;
    bool serves = false;  // it is the I/O thread
    bool sleeps = false;  // it is the one in sleep_once()
  };
  static thread_local Self self_;
  static constinit thread_local Wait last_wait_;  // so that other files need not ask whether it is initialized

  IoWork& work_;
  std::mutex turn_;
  std::atomic<bool> kicked_{false};
  std::atomic<std::uint64_t> helped_{0};  // rounds of other threads than the I/O thread in which something happened
  std::atomic<Duration::rep> spin_limit_{kMostSpin.count()};

  std::mutex sleep_mutex_;
  std::atomic<bool> sleeper_{false};  // some thread is in sleep_once(); written under sleep_mutex_
  std::atomic<int> waiting_{0};       // threads in sleep(); likewise
  bool io_sleeps_ = false;            // the sleeper is the I/O thread; guarded by sleep_mutex_
  std::atomic<bool> stopping_{false};
  std::condition_variable changed_;   // for waiting threads
  std::condition_variable io_;        // for the I/O thread
};

}  // namespace Atoll
