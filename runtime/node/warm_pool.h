#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/base/loop.h"
#include "runtime/node/warm_process.h"
#include "runtime/node/worker_output.h"

namespace Atoll {

// "0" in a daemon's environment: every worker is executed.
inline constexpr const char* kWarmForkVariable = "ATOLL_WARM_FORK";

// The warm processes of a node: one for the workers of a job that have the same environment, so that whatever the
// program and its libraries read before connect() is what a worker that is executed would read.
//
// WARM-1  The first worker of a kind is executed; the second has a warm process started, and is executed like those
//         that come before that is warm. Who asks never waits for it.
// WARM-2  A kind whose program cannot be forked, or whose warm process died kMaxDeaths times, is executed from then on;
//         one log line says so.
// WARM-3  A warm process that was not asked for kIdleLimit is ended.
// WARM-4  With a job end its warm processes, and nothing is kept for it.
class WarmPool {
 public:
  static constexpr Duration kIdleLimit = std::chrono::seconds(30);
  static constexpr int kMaxDeaths = 3;

  // `loop` calls this; `node` is the name in front of what the warm processes say, to `out` and `err`, which `logs` keeps
  // as well unless it is null. All of them outlive this.
  WarmPool(Loop& loop, OutputReader& out, OutputReader& err, LogFiles* logs, std::string node, bool enabled)
      : loop_(loop), out_(out), err_(err), logs_(logs), node_(std::move(node)), enabled_(enabled) {}
  ~WarmPool() { close(); }
  WarmPool(const WarmPool&) = delete;
  WarmPool& operator=(const WarmPool&) = delete;

  // A worker of `job` that is told `told`, forked; nothing if it is to be executed. `start` is without kWorkerVariable.
  std::optional<WorkerProcess> fork(Time now, ProcessId job, const WorkerProcess::Start& start,
                                    const std::string& told);

  // WARM-3.
  void on_tick(Time now);
  Time next_deadline() const;

  // WARM-4.
  void forget(ProcessId job);

  // Ends all of them; fork() says nothing from now on.
  void close();

 private:
  using Kind = std::tuple<ProcessId, std::string, std::string, Environment>;  // job, program, directory, environment
  enum class State { kCold, kStarting, kWarm, kGivenUp };

  struct Entry {
    State state = State::kCold;
    bool asked = false;
    int deaths = 0;
    Time used{};
    std::optional<WarmProcess> process;
    ProcessId log = ProcessId::kNone;  // as `logs` knows it
  };

  void start(const Kind& kind, Entry& entry, const WorkerProcess::Start& start);
  void watch(const Kind& kind, Entry& entry);
  void hear(const Kind& kind);
  void end(Entry& entry);
  void bury(const Kind& kind, Entry& entry, const Status& why);

  Loop& loop_;
  OutputReader& out_;
  OutputReader& err_;
  LogFiles* logs_;
  std::string node_;
  bool enabled_;
  std::map<Kind, Entry> entries_;
};

}  // namespace Atoll
