#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/environment.h"
#include "runtime/base/status.h"
#include "runtime/session/process_identity.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/hello.h"

namespace Atoll {

// A cluster as its users on one host find it: the folder
//
//   <TMPDIR or /tmp>/atoll-<uid>/<job or "local">-<name>/      0700, ours
//     cluster.json   0600: a Session, once the cluster is ready; before that only who is bringing it up
//     progress       0600: one line that says what the cluster waits for; rewritten in place, so that who holds it
//                    open can read the last word after the folder is gone
//
// The process that made the folder is its keeper: `atoll run` or `atoll up` on the launcher's host, the node daemon
// on every other. A folder whose keeper is gone is stale: nobody uses it, and whoever meets it removes it.
struct Session {
  std::string name;  // of the cluster
  std::string job;   // Slurm's job id, or "local"
  std::string folder;
  std::string kind;  // who keeps it: "run", "up" or "node"
  std::string host;  // where the keeper runs
  ProcessIdentity keeper;
  std::string started;  // UTC, "2024-05-01T12:00:00Z"
  bool ready = false;   // what follows is valid
  Contact head;
  Secret secret;
  int nodes = 0;
  std::uint64_t protocol = kProtocolVersion;  // what the cluster's processes speak; 0: one from before it was said

  std::string id() const { return job + "-" + name; }
  friend bool operator==(const Session&, const Session&) = default;
};

// cluster.json and back. kInvalidArgument with what is wrong otherwise.
std::string session_to_json(const Session& session);
Result<Session> session_from_json(const std::string& text);

// kInfeasible, with what to do, if this process cannot speak with the cluster since they are of different Atolls.
Status check_protocol(const Session& session);

// The job that this environment belongs to: SLURM_JOB_ID, or "local".
std::string session_job(const Environment& environment);

// Whether the job was given --atoll, so that a cluster is coming up or was (ATOLL_JOB, set by our SPANK plugin).
bool is_promised_cluster(const Environment& environment);

// The session in `folder`, whether ready or coming up. kUnauthenticated when the folder or its file is not ours alone,
// kNotFound when there is none.
Result<Session> read_session(const std::string& folder);

// The live sessions of this user on this host, by id; of `job` only, unless it is "". Removes the stale ones.
std::vector<Session> list_sessions(const Environment& environment, const std::string& job);

// The cluster a client of this environment means: the one in ATOLL_SESSION (a folder), else the only ready one of
// this job on this host. kNotFound when there is none, kUnavailable when it is still coming up, kInvalidArgument when
// there are several: the words list them. kInfeasible when none will come, since our plugin is not on this node.
Result<Session> find_session(const Environment& environment);

// The same for who may be early: sleeps until the cluster is ready, it fails to come up, or `deadline`. kTimedOut says
// what is missing.
Result<Session> wait_for_session(const Environment& environment, Time deadline);

}  // namespace Atoll
