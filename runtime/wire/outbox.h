#pragma once

#include <utility>
#include <vector>

#include "runtime/wire/messages.h"

namespace Atoll {

// What a state machine wants said: contacts to make known first, then messages
// in order. The shell, or the simulator, carries it out and empties it.
struct Outbox {
  struct Letter {
    ProcessId to = ProcessId::kNone;
    Message message;
  };

  std::vector<Contact> contacts;
  std::vector<Letter> letters;

  void learn(const Contact& contact) { contacts.push_back(contact); }
  void send(ProcessId to, Message message) {
    letters.push_back({to, std::move(message)});
  }
  bool empty() const { return contacts.empty() && letters.empty(); }
  void clear() {
    contacts.clear();
    letters.clear();
  }
};

}  // namespace Atoll
