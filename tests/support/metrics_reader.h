#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "runtime/base/fd.h"
#include "runtime/base/loop.h"
#include "runtime/metrics/metrics_server.h"

namespace Atoll::testing {

// The other end of a connection that a MetricsServer was given. The test is the server's loop.
class MetricsReader {
 public:
  explicit MetricsReader(MetricsServer& server) {
    int ends[2];
    taken_ = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0;
    if (!taken_) return;
    ours_ = Fd(ends[0]);
    taken_ = server.adopt(Fd(ends[1]));
  }

  bool taken() const { return taken_; }
  // Drops what the server does not take.
  void say(std::string_view bytes) { [[maybe_unused]] const auto n = ::send(ours_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void say_no_more() { ::shutdown(ours_.get(), SHUT_WR); }
  void leave() { ours_.reset(); }

  // What came so far, without waiting.
  const std::string& hear() {
    char bytes[4096];
    ssize_t n;
    while ((n = ::recv(ours_.get(), bytes, sizeof bytes, 0)) > 0) heard_.append(bytes, static_cast<std::size_t>(n));
    if (n == 0) ended_ = true;
    return heard_;
  }
  bool ended() const { return ended_; }

 private:
  Fd ours_;
  bool taken_ = false;
  bool ended_ = false;
  std::string heard_;
};

// Lets the server do what it can do now.
inline void turn(Loop& loop) {
  for (int i = 0; i < 8; ++i) loop.wait(Time(), Time());
}

}  // namespace Atoll::testing
