#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "runtime/wire/codec.h"
#include "runtime/wire/outbox.h"

namespace Atoll::testing {

// Takes the oldest T to `to` out of `letters`. Ends the test if there is none.
template <typename T>
T take_letter(std::vector<Outbox::Letter>& letters, ProcessId to) {
  const auto found = std::ranges::find_if(letters, [to](const Outbox::Letter& letter) {
    return letter.to == to && std::holds_alternative<T>(letter.message);
  });
  const std::string wanted = std::string(Atoll::name_of(Message(T()))) + " to " + to_string(to);
  REQUIRE_MESSAGE(found != letters.end(), "nobody sent " << wanted);
  T message = std::get<T>(std::move(found->message));
  letters.erase(found);
  return message;
}

// What a machine has sent and a test has not yet spoken of. A test takes out
// what it expects, and then says that there is nothing else.
class Mail {
 public:
  void take(Outbox& out) {
    for (Outbox::Letter& letter : out.letters) letters_.push_back(std::move(letter));
    for (Contact& contact : out.contacts) learned_.push_back(std::move(contact));
    out.clear();
  }

  // The oldest T sent to `to`. Ends the test if there is none.
  template <typename T>
  T expect(ProcessId to) {
    INFO("sent: " << words());
    return take_letter<T>(letters_, to);
  }

  void expect_nothing_else() {
    CHECK(words() == "");
    letters_.clear();
  }

  void drop_all() { letters_.clear(); }
  bool learned(const Contact& contact) const { return std::ranges::find(learned_, contact) != learned_.end(); }

  // "Welcome to 0000000000000001, …".
  std::string words() const {
    std::string text;
    for (const Outbox::Letter& letter : letters_)
      text += (text.empty() ? "" : ", ") + std::string(name_of(letter.message)) + " to " + to_string(letter.to);
    return text;
  }

 private:
  std::vector<Outbox::Letter> letters_;
  std::vector<Contact> learned_;
};

}  // namespace Atoll::testing
