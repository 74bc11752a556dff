#include "launcher/startup.h"

#include <doctest/doctest.h>

#include "runtime/wire/card.h"

using namespace Atoll;
using Seconds = std::chrono::seconds;
using Actions = std::vector<Startup::Action>;

namespace {

const Contact kHead = {static_cast<ProcessId>(7), static_cast<NodeId>(0), "somewhere"};

CardEvent card_of_head(const Contact& head = kHead) {
  Card card;
  card.host = "n1";
  card.daemon = {static_cast<ProcessId>(1), static_cast<NodeId>(0), "there"};
  card.head = head;
  return {0, "n1", encode_card(card)};
}

// Feeds events and takes out exactly what came.
struct Trial {
  explicit Trial(bool share_card = false)
      : startup({.nodes = {"n1", "n2", "n3"}, .share_card = share_card}, Time(Seconds(100))) {}

  Actions say(const ControlEvent& event) {
    Actions out;
    startup.on_event(event, out);
    return out;
  }
  Actions after(int passed) {
    Actions out;
    startup.on_tick(Time(Seconds(100 + passed)), out);
    return out;
  }
  void all_ready_but_the_card() {
    for (int rank = 0; rank < 3; ++rank) CHECK(say(ReadyEvent{rank, "n" + std::to_string(rank + 1)}) == Actions{});
  }

  Startup startup;
};

}  // namespace

TEST_CASE("STARTUP-3: a cluster is ready when all daemons are and the head is known") {
  Trial card_last;
  card_last.all_ready_but_the_card();
  CHECK(card_last.say(card_of_head()) == Actions{Startup::ClusterReady{kHead}});
  CHECK(card_last.startup.settled());

  Trial card_first;
  CHECK(card_first.say(card_of_head()) == Actions{});
  CHECK(card_first.say(ReadyEvent{2, "n3"}) == Actions{});
  CHECK(card_first.say(ReadyEvent{2, "n3"}) == Actions{});
  CHECK(card_first.say(ReadyEvent{0, "n1"}) == Actions{});
  CHECK(card_first.say(ReadyEvent{1, "n2"}) == Actions{Startup::ClusterReady{kHead}});
}

TEST_CASE("rank 0's card is shared where there is no PMIx") {
  Trial trial(true);
  const CardEvent card = card_of_head();
  CHECK(trial.say(CardEvent{1, "n2", "of no interest"}) == Actions{});
  CHECK(trial.say(card) == Actions{Startup::Command{CardCommand{card.card}}});
}

TEST_CASE("STARTUP-2: who does not come up is named, and not those who wait for it") {
  Trial trial;
  trial.say(PresentEvent{0, "n1", 4710});
  trial.say(StageEvent{0, "n1", "fence"});
  trial.say(PresentEvent{1, "n2", 4711});
  trial.say(StageEvent{1, "n2", "fence"});
  CHECK(trial.startup.next_tick() == Time(Seconds(103)));
  CHECK(trial.after(2) == Actions{});
  CHECK(trial.after(3) == Actions{Startup::Warn{"after 3 s still waiting for n3 (not heard from)"}});
  CHECK(trial.after(4) == Actions{});
  CHECK(trial.startup.next_tick() == Time(Seconds(110)));
  CHECK(trial.after(10) == Actions{Startup::GiveUp{"waited 10 s in vain for n3 (not heard from)"}});
}

TEST_CASE("nodes that hang are named with the stage they hang in") {
  Trial trial;
  trial.say(StageEvent{0, "n1", "fence"});
  trial.say(StageEvent{1, "n2", "get"});
  CHECK(trial.startup.waiting_for() == "n3 (not heard from)");
  trial.say(PresentEvent{2, "n3", 4712});
  CHECK(trial.startup.waiting_for() == "n3 (started, but not wired up)");
  trial.say(StageEvent{2, "n3", "fence"});
  CHECK(trial.startup.waiting_for() == "n1, n3 (in wire-up stage fence); n2 (in wire-up stage get)");
  trial.all_ready_but_the_card();
  CHECK(trial.startup.waiting_for() == "");
  CHECK(trial.after(3) ==
        Actions{Startup::Warn{"after 3 s still waiting for the head, which has not said its address"}});
}

TEST_CASE("STARTUP-1: after the end of a start-up nothing is given up or ready again") {
  Trial trial;
  CHECK(trial.say(FailedEvent{1, "n2", "no room"}) == Actions{Startup::GiveUp{"the daemon on n2 gave up: no room"}});
  CHECK(trial.after(20) == Actions{});
  CHECK(trial.startup.next_tick() == std::nullopt);
  trial.all_ready_but_the_card();
  CHECK(trial.say(card_of_head()) == Actions{});
  Actions out;
  trial.startup.on_step_end("srun ended", out);
  CHECK(out == Actions{});
}

TEST_CASE("the end of the step ends the start-up") {
  Trial trial;
  trial.say(ReadyEvent{0, "n1"});
  Actions out;
  trial.startup.on_step_end("srun ended with exit code 1", out);
  CHECK(out ==
        Actions{Startup::GiveUp{"srun ended with exit code 1 while the cluster waited for n2, n3 (not heard from)"}});
}

TEST_CASE("a head that moves is told, a daemon that gives up later is a warning") {
  Trial trial;
  trial.all_ready_but_the_card();
  trial.say(card_of_head());
  REQUIRE(trial.startup.settled());
  CHECK(trial.say(card_of_head()) == Actions{});
  const Contact moved = {static_cast<ProcessId>(8), static_cast<NodeId>(0), "elsewhere"};
  CHECK(trial.say(card_of_head(moved)) == Actions{Startup::HeadMoved{moved}});
  CHECK(trial.say(FailedEvent{1, "n2", "late"}) == Actions{Startup::Warn{"the daemon on n2 gave up: late"}});
}

TEST_CASE("a rank that cannot be is ignored with a warning") {
  Trial trial;
  CHECK(trial.say(ReadyEvent{3, "n9"}) == Actions{Startup::Warn{"a daemon on n9 calls itself rank 3 of 3; ignored"}});
  CHECK(trial.say(ReadyEvent{-1, "n9"}).size() == 1);
}

TEST_CASE("a malformed card of the head ends the start-up") {
  Trial trial;
  const Actions out = trial.say(CardEvent{0, "n1", "rubbish"});
  REQUIRE(out.size() == 1);
  CHECK(std::holds_alternative<Startup::GiveUp>(out[0]));
}
