#include "runtime/client/callback_thread.h"

#include <utility>

#include "runtime/base/log.h"
#include "runtime/client/errors.h"

namespace Atoll {
namespace {

thread_local bool is_callback_thread = false;

void run_one(const CallbackThread::Callback& callback) {
  try {
    callback.call();
  } catch (...) {
    const ErrorInfo error = current_error("", "");
    log::warn("a callback threw {}: {} (callback {})", error.type, error.message,
              callback.type == nullptr ? "" : demangled(callback.type->name()));
  }
}

}  // namespace

void CallbackThread::post(Callback callback) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  callbacks_.push_back(std::move(callback));
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  posted_.notify_one();
}

void CallbackThread::run() {
  is_callback_thread = true;
  std::unique_lock lock(mutex_);
  while (true) {
    posted_.wait(lock, [this] { return stopped_ || !callbacks_.empty(); });
    if (callbacks_.empty()) return;
    running_ = true;
    Callback callback = std::move(callbacks_.front());
    callbacks_.pop_front();
    lock.unlock();
    run_one(callback);
    callback = Callback();  // what it holds may be the last reference to an object
    lock.lock();
    running_ = false;
    if (callbacks_.empty()) idle_.notify_all();
  }
}

void CallbackThread::drain() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return callbacks_.empty() && !running_; });
}

void CallbackThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    posted_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

bool CallbackThread::is_current() { return is_callback_thread; }

}  // namespace Atoll
