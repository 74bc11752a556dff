#pragma once

#include <doctest/doctest.h>

#include <algorithm>

#include "runtime/objects/node_objects.h"
#include "runtime/wire/messages.h"
#include "tests/support/mail.h"

namespace Atoll::testing::objects {

inline constexpr ProcessId kSelf{100}, kFar{200}, kOther{201}, kAnna{1}, kBert{2}, kCleo{3};
inline constexpr std::uint64_t kMiB = 1 << 20;

inline Contact contact_of(ProcessId daemon) { return {daemon, NodeId(7), "address of " + to_string(daemon)}; }

// A node, what it said and was not looked at yet, and who plays the other daemons.
struct Node {
  explicit Node(std::uint64_t bytes = 256 * kMiB) : objects(contact_of(kSelf), bytes, "n1") {}

  template <typename Said>
  void say(ProcessId from, const Said& said) {
    objects.handle(now, from, said, out);
  }
  // The oldest T that was said to `to`; there must be one.
  template <typename T>
  T next(ProcessId to) {
    return testing::take_letter<T>(out.letters, to);
  }
  bool is_silent() const { return out.letters.empty(); }
  std::size_t said_to(ProcessId to) const {
    return static_cast<std::size_t>(std::ranges::count(out.letters, to, &Outbox::Letter::to));
  }

  std::uint64_t want(ProcessId who, std::uint64_t copy, std::uint64_t bytes, ProcessId keeper = kFar) {
    say(who, HoldCopy{++requests, copy, contact_of(keeper), bytes});
    return requests;
  }
  // The keeper answers the hold that it is asked for.
  void give_hold(std::uint64_t copy, std::uint64_t bytes, ProcessId keeper = kFar) {
    const HoldCopy hold = next<HoldCopy>(keeper);
    CHECK(hold.copy == copy);
    CHECK(hold.copier == contact_of(kSelf));
    CHECK(hold.keeper.is_none());
    say(keeper, CopyHeld{hold.request, copy, 4096, bytes});
  }
  void give_part(const ReadCopy& read, ProcessId keeper = kFar) {
    const CopyBytes part{read.request, read.from, read.bytes};
    const auto target = objects.pin_to_receive(keeper, part);
    REQUIRE(target);
    say(keeper, part);
    objects.unpin(now, target->copy, out);
  }
  // All the parts that it asks for, and then has.
  void give_parts(ProcessId keeper = kFar) {
    for (auto letter = out.letters.begin(); letter != out.letters.end(); letter = out.letters.begin()) {
      while (letter != out.letters.end() && !(letter->to == keeper && std::holds_alternative<ReadCopy>(letter->message))) ++letter;
      if (letter == out.letters.end()) return;
      const ReadCopy read = std::get<ReadCopy>(letter->message);
      out.letters.erase(letter);
      give_part(read, keeper);
    }
  }
  // It has let go of the copy there, and said that it has it, or (0) not.
  void check_end(std::uint64_t copy, std::uint64_t here, ProcessId keeper = kFar) {
    CHECK(next<LetGo>(keeper).copies == std::vector{copy});
    const CopyTaken taken = next<CopyTaken>(keeper);
    CHECK(taken.copy == copy);
    CHECK(taken.here == here);
  }
  // `who` has a copy of a copy of kFar's.
  CopyHeld fetch(ProcessId who, std::uint64_t copy, std::uint64_t bytes) {
    want(who, copy, bytes);
    give_hold(copy, bytes);
    give_parts();
    const CopyHeld held = next<CopyHeld>(who);
    check_end(copy, held.copy);
    CHECK(is_silent());
    return held;
  }
  bool is_empty() const {
    return objects.store().copies() == 0 && objects.store().free() == objects.store().size() && objects.pulls().under_way() == 0;
  }

  ObjectOutbox out;
  NodeObjects objects;
  Time now{std::chrono::seconds(1000)};
  std::uint64_t requests = 0;
};

}  // namespace Atoll::testing::objects
