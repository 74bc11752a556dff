#include "runtime/objects/spill_threads.h"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/base/words.h"

namespace Atoll {
namespace {

std::size_t half_of_the_descriptors() {
  rlimit limit;
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::size_t>(limit.rlim_cur / 2) : 512;
}

const char* words_of(const SpillOrder& order) {
  if (std::holds_alternative<WriteSpill>(order)) return "spilling objects to";
  return std::holds_alternative<ReadSpill>(order) ? "reading a spilled object back from" : "giving room back in";
}

}  // namespace

SpillThreads::SpillThreads(const Options& options, Arena& arena) : queue_(options.folders.size()) {
  const std::size_t most = options.most_files == 0 ? half_of_the_descriptors() : options.most_files;
  for (const std::string& folder : options.folders)
    files_.emplace_back(SpillFiles::Options{folder, options.most_full, std::max<std::size_t>(most / options.folders.size(), 1)}, arena);
  for (std::size_t folder = 0; folder < files_.size(); ++folder) threads_.emplace_back([this, folder] { run(folder); });
}

SpillThreads::~SpillThreads() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  for (SpillFiles& files : files_) files.stop();
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void SpillThreads::order(SpillOrder order) {
  std::vector<SpillEvent> events;
  {
    const std::lock_guard lock(mutex_);
    queue_.add(std::move(order), events);
  }
  changed_.notify_all();
  post(std::move(events));
}

void SpillThreads::post(std::vector<SpillEvent> events) {
  for (SpillEvent& event : events) events_.post(std::move(event));
}

void SpillThreads::run(std::size_t folder) {
  ::pthread_setname_np(::pthread_self(), "spill");
  SpillFiles& files = files_[folder];
  const Status usable = files.check();
  std::vector<SpillEvent> events;
  std::unique_lock lock(mutex_);
  queue_.started(folder, usable, files.room(), events);
  note(folder, true, usable);
  while (!closed_) {
    post(std::exchange(events, {}));
    changed_.notify_all();
    std::optional<SpillOrder> order;
    changed_.wait(lock, [&] { return closed_ || (order = queue_.take(folder)); });
    if (closed_) return;
    lock.unlock();
    const Outcome outcome = carry_out(files, *order);
    lock.lock();
    if (closed_) return;
    if (outcome.was_write) {
      const bool was_usable = queue_.is_usable(folder);
      queue_.wrote(folder, outcome.status, outcome.any, files.room(), events);
      note(folder, was_usable, outcome.status);
    } else {
      queue_.done(folder);
    }
  }
}

SpillThreads::Outcome SpillThreads::carry_out(SpillFiles& files, const SpillOrder& order) {
  const Time began = now();
  Outcome outcome;
  if (const auto* write = std::get_if<WriteSpill>(&order)) {
    const SpillFiles::Written written = files.write(*write, [this](SpillEvent event) { events_.post(std::move(event)); });
    outcome = {written.status, written.any, true};
  } else if (const auto* read = std::get_if<ReadSpill>(&order)) {
    SpillRead back = files.read(*read);
    if (!back.failure.empty() && !closed_) log::error("a spilled object is lost: {}", back.failure);
    events_.post(std::move(back));
  } else if (const auto* punch = std::get_if<PunchSpill>(&order)) {
    events_.post(files.punch(*punch));
  } else {
    files.remove(std::get<DeleteSpill>(order));
  }
  if (const Duration took = now() - began; took > kSlow) log::warn("{} {} took {}", words_of(order), files.folder(), format_duration(took));
  return outcome;
}

void SpillThreads::note(std::size_t folder, bool was_usable, const Status& status) {
  if (!was_usable || queue_.is_usable(folder)) return;
  log::warn("{}; nothing more is spilled there{}", status.message(), queue_.usable() == 0 ? ", and no other folder is left" : "");
}

}  // namespace Atoll
