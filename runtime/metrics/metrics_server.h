#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/base/fd.h"
#include "runtime/base/loop.h"
#include "runtime/base/status.h"
#include "runtime/metrics/metrics_address.h"

namespace Atoll {

// Serves the metrics of a process on its loop: GET /metrics over HTTP, in the thread of the loop, without blocking it.
//
// METRICS-1 only a process of this user, or one that has the token, gets anything but 401
// METRICS-2 a connection is one request and has kMetricsPatience from its beginning to its end, whatever is sent over it
// METRICS-3 no more than kMostReaders at one time; the next have to wait for one of them
// METRICS-4 whatever a reader sends, the others are answered
class MetricsServer {
 public:
  // Called when somebody wants the metrics, from within Loop::wait(): reply() is to follow, soon or at once.
  using Ask = std::function<void()>;

  virtual ~MetricsServer() = default;

  // Listens. `loop` outlives it. `token` as for judge(); for a Unix socket, whose folder is private, the peer's user is looked at
  // instead. kUnavailable where there is no library for it, or the address is taken.
  static Result<std::unique_ptr<MetricsServer>> listen(Loop& loop, const MetricsAddress& address, const std::string& socket_path,
                                                       std::string token, Ask ask);
  // Serves what is handed to it by adopt() alone.
  static Result<std::unique_ptr<MetricsServer>> without_listening(Loop& loop, std::string token, Ask ask);

  // Where it listens, with the port that the system chose.
  virtual const MetricsAddress& address() const = 0;
  // Whether somebody waits for reply().
  virtual bool is_asked() const = 0;
  // The answer for all who wait.
  virtual void reply(const std::string& text) = 0;
  // Ends connections whose time is over; to be called now and then.
  virtual void on_tick(Time now) = 0;
  // Takes the other end of a connection that is there already. False if it could not.
  virtual bool adopt(Fd socket) = 0;
};

inline constexpr Duration kMetricsPatience = std::chrono::seconds(10);
inline constexpr unsigned kMostReaders = 32;

}  // namespace Atoll
