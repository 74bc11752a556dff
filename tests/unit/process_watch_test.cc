#include "runtime/wire/process_watch.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <vector>

namespace Atoll {

TEST_CASE("a process is beside itself, and not beside one of another namespace or boot") {
  const ProcessStamp here = ProcessStamp::of_this_process().value();
  CHECK(here.pid == getpid());
  CHECK(here.is_beside(here));
  ProcessStamp elsewhere = here;
  elsewhere.pid_namespace += 1;
  CHECK_FALSE(elsewhere.is_beside(here));
  ProcessStamp earlier = here;
  earlier.boot_id[0] = earlier.boot_id[0] == 'a' ? 'b' : 'a';
  CHECK_FALSE(earlier.is_beside(here));
}

TEST_CASE("a pid that another process has by now is not watched") {
  const Fd also(eventfd(0, EFD_CLOEXEC));
  Result<ProcessWatch> created = ProcessWatch::create({also.get()});
  ProcessWatch& watch = *created;
  ProcessStamp stamp = ProcessStamp::of_this_process().value();
  CHECK(watch.watch(ProcessId{1}, stamp).ok());
  stamp.start_time += 1;
  CHECK(watch.watch(ProcessId{2}, stamp).code() == Code::kNotFound);
  watch.forget(ProcessId{1});
  CHECK(watch.empty());
}

TEST_CASE("a watch wakes for the other descriptors too, and tells of no death then") {
  const Fd also(eventfd(1, EFD_CLOEXEC));
  Result<ProcessWatch> created = ProcessWatch::create({also.get()});
  ProcessWatch& watch = *created;
  pollfd waited{watch.fd(), POLLIN, 0};
  CHECK(poll(&waited, 1, 0) == 1);
  std::vector<ProcessId> ended;
  watch.poll([&](ProcessId who) { ended.push_back(who); });
  CHECK(ended.empty());
}

}  // namespace Atoll
