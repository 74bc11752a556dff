#include "launcher/dashboard/question_thread.h"

#include <utility>

namespace Atoll {

QuestionThread::QuestionThread(Answer answer) : answer_(std::move(answer)), thread_([this] { run(); }) {}

QuestionThread::~QuestionThread() { stop(); }

void QuestionThread::ask(DashboardQuestion question, Done done) {
  std::unique_lock lock(mutex_);
  const bool stops = stops_;
  if (!stops && waiting_.size() < kMostWaiting) {
    waiting_.push_back({std::move(question), std::move(done)});
    return arrived_.notify_one();
  }
  lock.unlock();
  done(error_reply(503, stops ? "the dashboard ends" : "too many questions wait for the cluster's answer"));
}

void QuestionThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  arrived_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void QuestionThread::run() {
  while (true) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return stops_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    const bool stops = stops_;
    lock.unlock();
    next.done(stops ? error_reply(503, "the dashboard ends") : answer_(next.question));
  }
}

}  // namespace Atoll
