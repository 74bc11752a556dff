#include "runtime/node/warm_pool.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace Atoll {
namespace {

// A shell script in a folder of its own that speaks a warm process's part over descriptor 3.
class Script {
 public:
  explicit Script(const std::string& body) {
    char folder[] = "/tmp/atoll-warm-pool-XXXXXX";
    REQUIRE(mkdtemp(folder) != nullptr);
    folder_ = folder;
    std::ofstream(path()) << "#!/bin/bash\n" << body;
    REQUIRE(chmod(path().c_str(), 0700) == 0);
  }
  ~Script() { std::filesystem::remove_all(folder_); }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  std::string path() const { return folder_ + "/program"; }
  // How often it was started.
  long starts() const {
    std::ifstream log(folder_ + "/starts");
    return std::count(std::istreambuf_iterator<char>(log), {}, '\n');
  }
  WorkerProcess::Start start() const {
    WorkerProcess::Start start;
    start.program = path();
    start.directory = folder_;
    start.environment = {{"PATH", "/usr/bin:/bin"}};
    return start;
  }

 private:
  std::string folder_;
};

constexpr const char* kStaysWarm = "echo >> starts; printf w >&3; read -r -N 1 request <&3; exit\n";
constexpr const char* kNeverWarm = "echo >> starts; exit\n";

struct PoolTest {
  Loop loop = std::move(*Loop::create());
  LineWriter writer{1};
  OutputReader out{loop, writer}, err{loop, writer};
  WarmPool pool{loop, out, err, nullptr, "n1", true};
  Time now{};
  const ProcessId job{1};

  bool forks(const Script& script) { return pool.fork(now, job, script.start(), "told").has_value(); }
  // Waits until the script says something or ends; it has been started `starts` times by then.
  void listen(const Script& script, long starts) {
    loop.wait(Time{}, Time{} + std::chrono::seconds(10));
    REQUIRE(script.starts() == starts);
  }
};

}  // namespace

TEST_CASE_FIXTURE(PoolTest, "WARM-1: the second worker of a kind has a warm process started, and does not wait for it") {
  const Script script(kStaysWarm);
  CHECK_FALSE(forks(script));
  CHECK(script.starts() == 0);
  CHECK(pool.next_deadline() == Time::max());
  CHECK_FALSE(forks(script));
  listen(script, 1);
}

TEST_CASE_FIXTURE(PoolTest, "WARM-2: a program that is not fit to be warm is not tried again") {
  const Script script(kNeverWarm);
  for (int i = 0; i < 2; ++i) CHECK_FALSE(forks(script));
  for (int i = 0; i < 10 && pool.next_deadline() != Time::max(); ++i) listen(script, 1);  // its pipes end, and its channel
  for (int i = 0; i < 5; ++i) CHECK_FALSE(forks(script));
  CHECK(pool.next_deadline() == Time::max());
  CHECK(script.starts() == 1);
}

TEST_CASE_FIXTURE(PoolTest, "WARM-2: a kind whose warm process dies when asked is tried three times") {
  const Script script(kStaysWarm);
  CHECK_FALSE(forks(script));
  for (int i = 1; i <= WarmPool::kMaxDeaths; ++i) {
    CHECK_FALSE(forks(script));  // starts one
    listen(script, i);
    CHECK_FALSE(forks(script));  // asks it, and it dies
  }
  for (int i = 0; i < 5; ++i) CHECK_FALSE(forks(script));
  CHECK(pool.next_deadline() == Time::max());
  CHECK(script.starts() == WarmPool::kMaxDeaths);
}

TEST_CASE_FIXTURE(PoolTest, "WARM-3: a warm process that nobody asked for 30 s is ended, and another started when asked") {
  const Script script(kStaysWarm);
  for (int i = 0; i < 2; ++i) CHECK_FALSE(forks(script));
  listen(script, 1);
  CHECK(pool.next_deadline() == now + WarmPool::kIdleLimit);
  pool.on_tick(now + WarmPool::kIdleLimit - std::chrono::seconds(1));
  CHECK(pool.next_deadline() == now + WarmPool::kIdleLimit);
  now += WarmPool::kIdleLimit;
  pool.on_tick(now);
  CHECK(pool.next_deadline() == Time::max());
  CHECK_FALSE(forks(script));
  listen(script, 2);
}

TEST_CASE_FIXTURE(PoolTest, "WARM-4: a job's warm process ends with it, those of others do not") {
  const Script script(kStaysWarm);
  for (int i = 0; i < 2; ++i) CHECK_FALSE(forks(script));
  listen(script, 1);
  pool.forget(ProcessId{2});
  CHECK(pool.next_deadline() == now + WarmPool::kIdleLimit);
  pool.forget(job);
  CHECK(pool.next_deadline() == Time::max());
  CHECK_FALSE(forks(script));  // as the first of its kind
  CHECK(pool.next_deadline() == Time::max());
}

TEST_CASE("no process is warmed where that is off, nor after the end") {
  Loop loop = std::move(*Loop::create());
  const Script script(kStaysWarm);
  LineWriter writer(1);
  OutputReader out(loop, writer), err(loop, writer);
  WarmPool off(loop, out, err, nullptr, "n1", false), closed(loop, out, err, nullptr, "n1", true);
  closed.close();
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(off.fork(Time{}, ProcessId{1}, script.start(), "told").has_value());
    CHECK_FALSE(closed.fork(Time{}, ProcessId{1}, script.start(), "told").has_value());
  }
  CHECK(off.next_deadline() == Time::max());
  CHECK(script.starts() == 0);
}

}  // namespace Atoll
