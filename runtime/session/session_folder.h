#pragma once

#include <string>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/base/status.h"
#include "runtime/session/private_folder.h"
#include "runtime/session/session.h"

namespace Atoll {

inline constexpr const char* kSessionFile = "cluster.json";
inline constexpr const char* kProgressFile = "progress";
// The only folder in it.
inline constexpr const char* kLogFolder = "logs";
// What `progress` begins with when the cluster will not come up any more.
inline constexpr const char* kProgressFailed = "failed: ";

// The keeper's side of a session: makes the folder, fills it, and removes it when destroyed.
class SessionFolder {
 public:
  // Makes the folder of cluster `name` of this environment's job, on behalf of this process, as `kind` ("run", "up",
  // "node"). kAlreadyExists when a live keeper has it: on the launcher's host a node daemon meets its launcher's.
  // Removes stale folders, of any job.
  static Result<SessionFolder> create(const Environment& environment, const std::string& name, const std::string& kind);

  SessionFolder(SessionFolder&&) = default;
  SessionFolder& operator=(SessionFolder&&) = default;
  ~SessionFolder();

  const std::string& path() const { return folder_.path(); }
  const Session& session() const { return session_; }

  // What the cluster waits for, in one line, for those in wait_for_session().
  void set_progress(const std::string& text);
  // Makes the session ready, or replaces its contact after the head moved.
  Status publish(const Contact& head, const Secret& secret, int nodes);
  // The cluster did not come up: those who wait are told `why`.
  void fail(const std::string& why) { set_progress(kProgressFailed + why); }
  // From now on another process keeps the folder, whose fork this is: the destructor leaves it alone.
  void abandon() { folder_ = PrivateFolder(); }
  // After a fork: this process keeps it.
  Status adopt();

 private:
  SessionFolder(PrivateFolder folder, Session session, Fd progress);
  Status write();

  PrivateFolder folder_;
  Session session_;
  Fd progress_;
};

// <TMPDIR or /tmp>/atoll-<uid>, which holds the session folders of this user.
std::string sessions_path(const Environment& environment);

// The folders in it that belong to `job` ("" for any), unread.
std::vector<std::string> session_folders(const Environment& environment, const std::string& job);

// Lower-case letters, digits and '-', 1 to 32 of them, a letter or digit first: fit for a folder and a step's name.
Status check_session_name(const std::string& name);
// Four letters and digits.
std::string random_session_name();

// The line in `progress`; "" when there is none.
std::string read_progress(const std::string& folder);
std::string read_progress(int fd);

// Removes the folder with all that is in it, and the one above when it was the last. Does nothing when
// it is not ours.
void remove_session_folder(const std::string& folder);

}  // namespace Atoll
