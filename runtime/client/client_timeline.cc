// What a driver or a worker hands over of the timeline, to the daemon of its node (wire/timeline_messages.h).

#include <unistd.h>

#include "runtime/client/client_runtime.h"
#include "runtime/timeline/clock_identity.h"

namespace Atoll {
namespace {
// A worker that is to end says what it has left to say within this.
constexpr Duration kLastWords = std::chrono::milliseconds(100);
}  // namespace

GetClock ClientRuntime::clock_question() { return {now().time_since_epoch().count(), /*records=*/true}; }

void ClientRuntime::begin_timeline(const std::string& role) {
  TimelineChunk who;
  who.process = self_.process;
  who.pid = static_cast<std::uint64_t>(::getpid());
  who.job = job_;
  who.role = role;
  timeline_.begin(std::move(who), clock_identity());
}

bool ClientRuntime::take_timeline_message(const Message& message) {
  if (const auto* flush = std::get_if<FlushTimeline>(&message)) {
    send_timeline(flush->flush);
  } else if (const auto* clock = std::get_if<ClockReply>(&message)) {
    ++clocks_heard_;
    if (timeline_.on_clock(Atoll::now(), *clock)) messenger_.send(home_.process, clock_question());
  } else {
    return false;
  }
  return true;
}

void ClientRuntime::send_timeline(std::uint64_t flush) {
  if (const std::optional<TimelineChunk> chunk = timeline_.take(flush)) messenger_.send(home_.process, *chunk);
}

void ClientRuntime::hand_over_timeline() {
  post([this](Time, ClientCore&, ClientOutbox&) { send_timeline(0); });
}

// The daemon has had it when it answers what was asked after it.
void ClientRuntime::say_last_words() {
  if (timeline_.due() == Time::max()) return;
  const Time limit = Atoll::now() + kLastWords;
  const int heard = clocks_heard_;
  send_timeline(0);
  messenger_.send(home_.process, clock_question());
  for (Time at = limit - kLastWords; clocks_heard_ == heard && at < limit; at = Atoll::now()) messenger_.progress(at);
}

}  // namespace Atoll
