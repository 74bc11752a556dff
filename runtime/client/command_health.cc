#include "runtime/client/command_health.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace Atoll {

std::string words_of(Duration duration) {
  const auto all = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return all % 1000 == 0 ? std::to_string(all / 1000) + " s" : std::to_string(all) + " ms";
}

Duration pause_before(int restarts) {
  constexpr Duration kFirst = std::chrono::milliseconds(100), kLongest = std::chrono::seconds(5);
  if (restarts <= 0) return Duration(0);
  return std::min(kFirst * (1 << std::min(restarts - 1, 10)), kLongest);
}

CommandHealth::CommandHealth(const Rules& rules, Time now)
    : rules_(rules),
      limit_(now + rules.ready_limit),
      due_(rules.asks_ready ? now : now + rules.health_every),
      is_ready_(!rules.asks_ready) {}

CommandHealth::Question CommandHealth::ask(Time now) {
  if (asked_ || !failure_.empty() || now < due_) return Question::kNone;
  if (is_ready_ && !rules_.asks_health) return Question::kNone;
  asked_ = is_ready_ ? Question::kHealth : Question::kReady;
  due_ = now + timeout_of(*asked_);
  return *asked_;
}

Duration CommandHealth::timeout_of(Question question) const {
  return question == Question::kHealth ? rules_.health_timeout : rules_.ready_timeout;
}

void CommandHealth::answer(Time now, const std::string& wrong) {
  ATOLL_CHECK(asked_.has_value());
  const Question question = *asked_;
  asked_.reset();
  if (!failure_.empty()) return;
  if (question == Question::kHealth) return answer_health(now, wrong);
  last_wrong_ = wrong;
  is_ready_ = wrong.empty();
  due_ = now + (is_ready_ ? rules_.health_every : rules_.ready_every);
}

void CommandHealth::answer_health(Time now, const std::string& wrong) {
  due_ = now + rules_.health_every;
  failed_ = wrong.empty() ? 0 : failed_ + 1;
  if (failed_ < rules_.failures) return;
  failure_ = "failed its health check " +
             (failed_ == 1 ? std::string("once") : std::to_string(failed_) + " times in a row") + ": " + wrong;
}

void CommandHealth::on_time(Time now) {
  if (is_ready_ || !failure_.empty() || now < limit_) return;
  failure_ = "was not ready within " + words_of(rules_.ready_limit) + (last_wrong_.empty() ? "" : ": " + last_wrong_);
}

std::optional<Time> CommandHealth::next_deadline() const {
  if (!failure_.empty()) return asked_ ? std::optional(due_) : std::nullopt;
  if (!is_ready_) return std::min(due_, limit_);
  if (rules_.asks_health || asked_) return due_;
  return std::nullopt;
}

}  // namespace Atoll
