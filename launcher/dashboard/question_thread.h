#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "launcher/dashboard/question.h"

namespace Atoll {

// Has questions answered one after the other, on a thread of its own.
//
// QUESTIONS-1 every question is answered once, also those that are still waiting at stop()
// QUESTIONS-2 no more than kMostWaiting wait; who comes then is told so at once
class QuestionThread {
 public:
  static constexpr std::size_t kMostWaiting = 64;
  // Called on that thread alone.
  using Answer = std::function<HttpReply(const DashboardQuestion&)>;
  explicit QuestionThread(Answer answer);
  ~QuestionThread();

  // `done` is called on that thread, or on this one if nobody is to be asked. Any thread.
  using Done = std::function<void(HttpReply)>;
  void ask(DashboardQuestion question, Done done);
  // After that no thread of ours runs, and nobody is asked.
  void stop();

 private:
  struct Waiting {
    DashboardQuestion question;
    Done done;
  };
  void run();

  const Answer answer_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Waiting> waiting_;
  bool stops_ = false;
  std::thread thread_;
};

}  // namespace Atoll
