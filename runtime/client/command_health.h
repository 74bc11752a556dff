#pragma once

#include <optional>
#include <string>

#include "runtime/base/clock.h"

namespace Atoll {

// When a command is asked how it is, and what follows from the answers. No I/O:
// the times and the answers are handed in.
//
// HEALTH-1 it is ready at the first good answer, or at once if none is asked for
// HEALTH-2 health is asked only of what is ready, and one question at a time
// HEALTH-3 it has failed after `failures` bad answers in a row, or when it was not
//          ready within the limit; after that nothing is asked
class CommandHealth {
 public:
  struct Rules {
    bool asks_ready = false;
    Duration ready_every{};  // between one answer and the next question
    Duration ready_timeout{};
    Duration ready_limit{};
    bool asks_health = false;
    Duration health_every{};
    Duration health_timeout{};
    int failures = 1;
  };
  enum class Question { kNone, kReady, kHealth };

  // It was started at `now`.
  CommandHealth(const Rules& rules, Time now);

  // The question to be asked now; it counts as asked then.
  Question ask(Time now);
  // The answer: empty, or what is wrong ("curl exited with status 7").
  void answer(Time now, const std::string& wrong);
  // Whether the question under way has had its time: it is to be ended, and answered.
  bool is_overdue(Time now) const { return asked_ && now >= due_; }
  // How long a question of this kind may take.
  Duration timeout_of(Question question) const;
  void on_time(Time now);

  bool is_ready() const { return is_ready_; }
  // "failed its health check 3 times in a row: curl exited with status 7"; empty: it has not failed.
  const std::string& failure() const { return failure_; }
  // When to come again, if nothing happens before.
  std::optional<Time> next_deadline() const;

 private:
  void answer_health(Time now, const std::string& wrong);

  Rules rules_;
  Time limit_;
  Time due_;  // of the next question, or of the answer to the one that was asked
  std::optional<Question> asked_;
  bool is_ready_;
  int failed_ = 0;
  std::string last_wrong_;
  std::string failure_;
};

// How long a command waits before it is started anew, for the so-manieth time: what fails at once does not spin, and
// does not use up its restarts while a port is still taken. 100 ms, twice as long each time, up to 5 s.
Duration pause_before(int restarts);

// "3 s", "250 ms".
std::string words_of(Duration duration);

}  // namespace Atoll
