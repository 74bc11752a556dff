#include "runtime/client/command_health.h"

#include <doctest/doctest.h>

// When a command is asked how it is, and what follows.
namespace Atoll {
namespace {

using Question = CommandHealth::Question;
using std::chrono::milliseconds;
using std::chrono::seconds;

CommandHealth::Rules rules() {
  CommandHealth::Rules rules;
  rules.asks_ready = true;
  rules.ready_every = milliseconds(100);
  rules.ready_timeout = seconds(2);
  rules.ready_limit = seconds(60);
  rules.asks_health = true;
  rules.health_every = seconds(10);
  rules.health_timeout = seconds(5);
  rules.failures = 3;
  return rules;
}

Time at(Duration since) { return Time() + since; }

TEST_CASE("HEALTH-1: a command that is asked nothing is ready at once and never fails") {
  CommandHealth health({}, at(seconds(1)));
  CHECK(health.is_ready());
  CHECK(health.ask(at(seconds(100))) == Question::kNone);
  health.on_time(at(seconds(1000)));
  CHECK(health.failure().empty());
  CHECK_FALSE(health.next_deadline());
}

TEST_CASE("HEALTH-1: a command is ready at the first good answer") {
  CommandHealth health(rules(), at(seconds(0)));
  CHECK_FALSE(health.is_ready());
  CHECK(health.ask(at(seconds(0))) == Question::kReady);
  CHECK(health.ask(at(seconds(1))) == Question::kNone);  // one at a time
  health.answer(at(seconds(1)), "nothing listens");
  CHECK_FALSE(health.is_ready());
  CHECK(health.next_deadline() == at(milliseconds(1100)));
  CHECK(health.ask(at(milliseconds(1099))) == Question::kNone);
  CHECK(health.ask(at(milliseconds(1100))) == Question::kReady);
  health.answer(at(milliseconds(1200)), "");
  CHECK(health.is_ready());
  CHECK(health.failure().empty());
}

TEST_CASE("HEALTH-2: health is asked of a ready command, so long after the last answer") {
  CommandHealth health(rules(), at(seconds(0)));
  CHECK(health.ask(at(seconds(0))) == Question::kReady);
  health.answer(at(seconds(0)), "");
  CHECK(health.ask(at(seconds(9))) == Question::kNone);
  CHECK(health.next_deadline() == at(seconds(10)));
  CHECK(health.ask(at(seconds(10))) == Question::kHealth);
  CHECK_FALSE(health.is_overdue(at(seconds(14))));
  CHECK(health.is_overdue(at(seconds(15))));
  health.answer(at(seconds(15)), "");
  CHECK_FALSE(health.is_overdue(at(seconds(100))));
  CHECK(health.next_deadline() == at(seconds(25)));
}

TEST_CASE("HEALTH-3: so many bad answers in a row are a failure, a good one between them starts anew") {
  CommandHealth health(rules(), at(seconds(0)));
  CHECK(health.ask(at(seconds(0))) == Question::kReady);
  health.answer(at(seconds(0)), "");
  int now = 0;
  const auto answer = [&](const std::string& wrong) {
    now += 10;
    CHECK(health.ask(at(seconds(now))) == Question::kHealth);
    health.answer(at(seconds(now)), wrong);
  };
  answer("curl exited with status 7");
  answer("curl exited with status 7");
  answer("");
  answer("curl exited with status 7");
  answer("curl exited with status 7");
  CHECK(health.failure().empty());
  answer("curl did not end within 5 s");
  CHECK(health.failure() == "failed its health check 3 times in a row: curl did not end within 5 s");
  CHECK(health.ask(at(seconds(1000))) == Question::kNone);
  CHECK_FALSE(health.next_deadline());
}

TEST_CASE("HEALTH-3: a command that is not ready in time has failed, with the last answer") {
  CommandHealth health(rules(), at(seconds(0)));
  CHECK(health.ask(at(seconds(0))) == Question::kReady);
  health.answer(at(seconds(1)), "nothing of it listens on port 8000");
  health.on_time(at(seconds(59)));
  CHECK(health.failure().empty());
  CHECK(health.ask(at(seconds(59))) == Question::kReady);
  health.on_time(at(seconds(60)));
  CHECK(health.failure() == "was not ready within 60 s: nothing of it listens on port 8000");
  health.answer(at(seconds(61)), "");  // too late
  CHECK_FALSE(health.is_ready());
}

TEST_CASE("a command waits before it is started anew, longer each time, and not for ever longer") {
  CHECK(pause_before(0) == seconds(0));
  CHECK(pause_before(1) == milliseconds(100));
  CHECK(pause_before(2) == milliseconds(200));
  CHECK(pause_before(6) == milliseconds(3200));
  CHECK(pause_before(7) == seconds(5));
  CHECK(pause_before(1'000'000) == seconds(5));
}

TEST_CASE("a time is said in seconds if it is whole ones") {
  CHECK(words_of(seconds(3)) == "3 s");
  CHECK(words_of(milliseconds(250)) == "250 ms");
  CHECK(words_of(milliseconds(1500)) == "1500 ms");
}

}  // namespace
}  // namespace Atoll
