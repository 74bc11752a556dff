#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "runtime/session/session.h"
#include "runtime/session/session_folder.h"

namespace Atoll {
namespace {

// What wait_for_session() sleeps on: changes of the folders, and the ends of the processes that keep them.
class SessionWatch {
 public:
  explicit SessionWatch(const Environment& environment)
      : environment_(environment), inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}
  ~SessionWatch() { ::rmdir(sessions_path(environment_).c_str()); }  // arm() may have made it; fails while it is in use

  // Call before looking, so that no change falls between the look and the sleep.
  void arm();
  void sleep_until(Time deadline);
  // The last word of a cluster that gave up; "" if none did.
  std::string failure() const;

 private:
  struct Seen {
    Fd progress;
    Fd keeper;
  };

  void watch(const std::string& path, std::uint32_t events) {
    ::inotify_add_watch(inotify_.get(), path.c_str(), events | IN_ONLYDIR | IN_DONT_FOLLOW);
  }
  void look_at(const std::string& folder);

  const Environment& environment_;
  Fd inotify_;
  std::map<std::string, Seen> seen_;
};

void SessionWatch::arm() {
  Result<PrivateFolder> base = PrivateFolder::make(sessions_path(environment_));
  if (!base.ok()) return;
  watch(base->path(), IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_DELETE_SELF);
  for (const std::string& folder : session_folders(environment_, session_job(environment_))) look_at(folder);
}

void SessionWatch::look_at(const std::string& folder) {
  // A keeper that fails may stay, and only say so in its progress file.
  watch(folder, IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_DELETE_SELF);
  Seen& seen = seen_[folder];
  if (!seen.progress.valid())
    seen.progress.reset(::open((folder + "/" + kProgressFile).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (seen.keeper.valid()) return;
  if (Result<Session> session = read_session(folder); session.ok()) seen.keeper = open_process(session->keeper);
}

void SessionWatch::sleep_until(Time deadline) {
  std::vector<pollfd> fds = {{inotify_.get(), POLLIN, 0}};
  for (const auto& [folder, seen] : seen_)
    if (seen.keeper.valid()) fds.push_back({seen.keeper.get(), POLLIN, 0});
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now()).count();
  ::poll(fds.data(), fds.size(), static_cast<int>(std::clamp<long>(left, 0, 3'600'000)));
  char events[4096];
  while (::read(inotify_.get(), events, sizeof events) > 0) {
  }
  // A keeper that ended must not wake us twice.
  std::erase_if(seen_, [](const auto& entry) {
    pollfd ended = {entry.second.keeper.get(), POLLIN, 0};
    return entry.second.keeper.valid() && ::poll(&ended, 1, 0) > 0 &&
           !read_progress(entry.second.progress.get()).starts_with(kProgressFailed);
  });
}

std::string SessionWatch::failure() const {
  for (const auto& [folder, seen] : seen_) {
    const std::string text = seen.progress.valid() ? read_progress(seen.progress.get()) : "";
    if (text.starts_with(kProgressFailed)) return text.substr(std::string(kProgressFailed).size());
  }
  return "";
}

}  // namespace

Result<Session> wait_for_session(const Environment& environment, Time deadline) {
  SessionWatch watch(environment);
  while (true) {
    watch.arm();
    Result<Session> found = find_session(environment);
    const Code code = found.status().code();
    if (code != Code::kNotFound && code != Code::kUnavailable) return found;
    if (const std::string why = watch.failure(); !why.empty())
      return Status(Code::kUnavailable, "the cluster did not come up: " + why);
    if (now() >= deadline) return Status(Code::kTimedOut, found.status().message());
    watch.sleep_until(deadline);
  }
}

}  // namespace Atoll
