#pragma once

#include <functional>
#include <memory>
#include <string>

#include "launcher/dashboard/http.h"
#include "runtime/base/status.h"

namespace Atoll {

// HTTP on the loopback: libmicrohttpd, loaded when it is first needed (libmicrohttpd.so.12), since no other command
// should pay for it and for the GnuTLS that it brings.
//
// HTTP-1 it listens on 127.0.0.1 only
// HTTP-2 what a connection may hold and for how long it may be silent is bounded, and so is their number: whoever comes
//        then waits until one is closed
class HttpServer {
 public:
  static constexpr unsigned kMostConnections = 64;
  static constexpr unsigned kSilentSeconds = 15;
  static constexpr std::size_t kConnectionBytes = 32 * 1024;

  // Called once a request, on the server's thread. It calls `reply` once, now or later, on any thread.
  using Reply = std::function<void(HttpReply)>;
  using Handler = std::function<void(HttpRequest, Reply reply)>;

  // Port 0: one that is free. kUnavailable where there is no library, or the port is taken.
  static Result<std::unique_ptr<HttpServer>> start(int port, Handler handler);
  virtual ~HttpServer() = default;

  virtual int port() const = 0;
  // Answers nobody any more. All replies have been called. Once.
  virtual void stop() = 0;
};

}  // namespace Atoll
