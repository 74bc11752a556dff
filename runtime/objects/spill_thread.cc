#include "runtime/objects/spill_thread.h"

#include <poll.h>
#include <pthread.h>

#include "runtime/base/log.h"
#include "runtime/base/words.h"

namespace Atoll {

SpillThread::SpillThread(const SpillFiles::Options& options, Arena& arena) : files_(options, arena), thread_([this] { run(); }) {}

SpillThread::~SpillThread() {
  closed_ = true;
  files_.stop();
  orders_.post(DeleteSpill{});  // wakes it
  thread_.join();
}

void SpillThread::run() {
  ::pthread_setname_np(::pthread_self(), "spill");
  const SpillFiles::Report report = [this](SpillEvent event) { events_.post(std::move(event)); };
  files_.check_folders(report);
  while (!closed_) {
    pollfd ready{orders_.fd(), POLLIN, 0};
    ::poll(&ready, 1, -1);
    for (const SpillOrder& order : orders_.take()) {
      const Time began = now();
      files_.carry_out(order, report);
      if (const Duration took = now() - began; took > kSlow)
        log::warn("{} took {}", std::holds_alternative<WriteSpill>(order) ? "spilling objects to disk" : "reading a spilled object back", format_duration(took));
    }
  }
}

}  // namespace Atoll
