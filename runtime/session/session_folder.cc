#include "runtime/session/session_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <memory>

namespace Atoll {
namespace {

constexpr std::size_t kMaxProgressBytes = 500;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Listing = std::unique_ptr<DIR, CloseFolder>;

std::vector<std::string> names_in(int folder) {
  std::vector<std::string> names;
  const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Listing listing(own < 0 ? nullptr : ::fdopendir(own));
  if (!listing) return names;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

void remove_files_in(int folder) {
  for (const std::string& name : names_in(folder)) ::unlinkat(folder, name.c_str(), 0);
}

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// Makes `path` for a new session; what a dead keeper left there is removed first.
Result<PrivateFolder> make_fresh(const std::string& path) {
  Result<Session> old = read_session(path);
  if (old.ok() && is_alive(old->keeper))
    return Status(Code::kAlreadyExists, "cluster " + old->id() + " runs on this host already (" + old->kind + ", pid " +
                                            std::to_string(old->keeper.pid) + "); choose another --name, or end it");
  if (!old.ok() && old.status().code() == Code::kUnauthenticated) return old.status();
  remove_session_folder(path);
  return PrivateFolder::make(path);
}

// Somebody who removes the last other session takes an empty `base` with it: then once more.
Result<PrivateFolder> make_below(const std::string& base, const std::string& path) {
  constexpr int kTries = 10;
  for (int i = 1;; ++i) {
    Result<PrivateFolder> parent = PrivateFolder::make(base);
    if (!parent.ok() && parent.status().code() != Code::kNotFound) return parent.status();
    Result<PrivateFolder> folder = make_fresh(path);
    if (folder.ok() || i == kTries || ::access(base.c_str(), F_OK) == 0) return folder;
  }
}

}  // namespace

SessionFolder::SessionFolder(PrivateFolder folder, Session session, Fd progress)
    : folder_(std::move(folder)), session_(std::move(session)), progress_(std::move(progress)) {}

Result<SessionFolder> SessionFolder::create(const Environment& environment, const std::string& name,
                                            const std::string& kind) {
  ATOLL_RETURN_IF_ERROR(check_session_name(name));
  list_sessions(environment, "");  // removes what keepers left that were killed
  Session session;
  session.name = name;
  session.job = session_job(environment);
  session.kind = kind;
  session.host = host_name();
  session.started = utc_now();
  const std::string base = sessions_path(environment);
  session.folder = base + "/" + session.id();
  Result<PrivateFolder> folder = make_below(base, session.folder);
  if (!folder.ok()) return folder.status();
  Fd progress(::openat(folder->fd(), kProgressFile, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!progress.valid()) return errno_status("cannot make " + session.folder + "/" + kProgressFile, errno);
  SessionFolder made(std::move(*folder), std::move(session), std::move(progress));
  ATOLL_RETURN_IF_ERROR(made.adopt());
  return made;
}

SessionFolder::~SessionFolder() {
  if (folder_.fd() >= 0) remove_session_folder(folder_.path());
}

void SessionFolder::set_progress(const std::string& text) {
  std::string line = text.substr(0, kMaxProgressBytes) + "\n";
  std::replace(line.begin(), line.end() - 1, '\n', ' ');
  // One write of a short line and then the cut: a reader takes the first line.
  if (::pwrite(progress_.get(), line.data(), line.size(), 0) > 0)
    (void)!::ftruncate(progress_.get(), static_cast<off_t>(line.size()));
}

Status SessionFolder::publish(const Contact& head, const Secret& secret, int nodes) {
  session_.head = head;
  session_.secret = secret;
  session_.nodes = nodes;
  session_.ready = true;
  return write();
}

Status SessionFolder::adopt() {
  session_.keeper = own_identity();
  return write();
}

Status SessionFolder::write() { return folder_.replace(kSessionFile, session_to_json(session_)); }

std::string sessions_path(const Environment& environment) {
  const std::string& chosen = lookup(environment, "TMPDIR");
  return (chosen.empty() ? "/tmp" : chosen) + "/atoll-" + std::to_string(::geteuid());
}

std::vector<std::string> session_folders(const Environment& environment, const std::string& job) {
  std::vector<std::string> folders;
  Result<PrivateFolder> base = PrivateFolder::open(sessions_path(environment));
  if (!base.ok()) return folders;
  for (const std::string& name : names_in(base->fd()))
    if (job.empty() || name.starts_with(job + "-")) folders.push_back(base->path() + "/" + name);
  return folders;
}

Status check_session_name(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= 32 && name.front() != '-' &&
                    name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (fits) return Status();
  return Status(Code::kInvalidArgument,
                "\"" + name + "\" is no name for a cluster: use 1 to 32 lower-case letters, digits and '-'");
}

std::string random_session_name() {
  static constexpr char kSigns[] = "abcdefghijkmnpqrstuvwxyz23456789";
  auto bits = static_cast<std::uint64_t>(random_process_id());
  std::string name;
  for (int i = 0; i < 4; ++i, bits >>= 5) name += kSigns[bits & 31];
  return name;
}

std::string read_progress(int fd) {
  char text[kMaxProgressBytes + 1];
  const ssize_t size = ::pread(fd, text, sizeof text, 0);
  if (size <= 0) return "";
  const std::string line(text, static_cast<std::size_t>(size));
  return line.substr(0, line.find('\n'));
}

std::string read_progress(const std::string& folder) {
  Result<PrivateFolder> opened = PrivateFolder::open(folder);
  if (!opened.ok()) return "";
  const Fd file(::openat(opened->fd(), kProgressFile, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  return file.valid() ? read_progress(file.get()) : "";
}

void remove_session_folder(const std::string& folder) {
  Result<PrivateFolder> opened = PrivateFolder::open(folder);
  if (!opened.ok()) return;
  if (const Fd logs(::openat(opened->fd(), kLogFolder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)); logs.valid())
    remove_files_in(logs.get());
  ::unlinkat(opened->fd(), kLogFolder, AT_REMOVEDIR);
  remove_files_in(opened->fd());
  ::rmdir(folder.c_str());
  ::rmdir(folder.substr(0, folder.rfind('/')).c_str());  // fails while there are other sessions
}

}  // namespace Atoll
