#pragma once

#include <optional>
#include <string>

#include "launcher/dashboard/http.h"

namespace Atoll {

// Who may look at the dashboard: the browser in which its link was opened first. Pure.
//
// GATE-1 without the link's token or the cookie that it was changed for, the answer is 403, whatever was asked for
// GATE-2 the token opens once; after that it is as good as none
// GATE-3 a request whose Host is no name of the loopback is refused: a foreign name may lead here (DNS rebinding)
// GATE-4 nothing but GET without a body is answered
// GATE-5 a request that a page of another origin made is refused, also one of another port of this host
//
// Browsers send a cookie to all ports of a host. So ours is for one path only, which nobody can guess: a stranger's
// server on another port of the loopback does not get it.
class Gate {
 public:
  // Three words that nobody can guess: of hexadecimal digits, and never the same.
  struct Words {
    std::string token;
    std::string cookie;
    std::string room;  // the first part of every path
  };
  static Words random_words();
  explicit Gate(Words words) : words_(std::move(words)) {}

  // "/?token=…": what a person opens.
  std::string entrance() const { return "/?token=" + words_.token; }
  std::string room() const { return "/" + words_.room + "/"; }
  bool was_opened() const { return opened_; }

  // Either the reply, or the path behind room(): "" for the page itself.
  struct Verdict {
    std::optional<HttpReply> reply;
    std::string path;
  };
  Verdict admit(const HttpRequest& request);

 private:
  HttpReply let_in();

  Words words_;
  bool opened_ = false;
};

}  // namespace Atoll
