#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <typeinfo>

namespace Atoll {

// The one thread that runs what users want done when an object settles, in the
// order of settling. It starts with the first callback, so that a process
// without any has no such thread. Any thread may call every method but for
// drain() and stop(), which its own callbacks must not call.
//
// CALLBACKS-1 no two callbacks run at the same time
// CALLBACKS-2 what a callback throws becomes one log line, and the next one runs
class CallbackThread {
 public:
  struct Callback {
    std::function<void()> call;
    const std::type_info* type = nullptr;  // of what the user gave, for the log
    bool in_place = false;  // it is short, ours, and runs where the object is settled
  };

  CallbackThread() = default;
  CallbackThread(const CallbackThread&) = delete;
  CallbackThread& operator=(const CallbackThread&) = delete;
  ~CallbackThread() { stop(); }

  // After stop() the callback is dropped unrun.
  void post(Callback callback);
  // Waits until everything posted has run.
  void drain();
  // Runs what was posted, and ends the thread.
  void stop();
  // Whether the caller is a callback.
  static bool is_current();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable posted_;
  std::condition_variable idle_;
  std::deque<Callback> callbacks_;
  bool running_ = false;  // a callback, at this moment
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace Atoll
