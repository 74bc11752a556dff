#include "runtime/session/session.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/session/private_folder.h"
#include "runtime/session/session_folder.h"
#include "runtime/wire/base64.h"

namespace Atoll {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxFileBytes = 64 * 1024;

Result<ProcessId> process_from_hex(const std::string& text) {
  if (text.empty() || text.size() > 16 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    return Status(Code::kInvalidArgument, "\"process\" is not a process id");
  return static_cast<ProcessId>(std::stoull(text, nullptr, 16));
}

json head_to_json(const Contact& head) {
  return {{"process", to_string(head.process)},
          {"node", static_cast<std::uint32_t>(head.node)},
          {"address", to_base64(head.address)}};
}

Result<Contact> head_from_json(const json& object) {
  Result<ProcessId> process = process_from_hex(object.at("process").get<std::string>());
  if (!process.ok()) return process.status();
  Result<std::string> address = from_base64(object.at("address").get<std::string>());
  if (!address.ok()) return address.status();
  return Contact{*process, static_cast<NodeId>(object.at("node").get<std::uint32_t>()), *address};
}

Status read_ready_part(const json& object, Session& session) {
  Result<Contact> head = head_from_json(object.at("head"));
  if (!head.ok()) return head.status();
  Result<Secret> secret = Secret::from_hex(object.at("secret").get<std::string>());
  if (!secret.ok()) return secret.status();
  session.head = *head;
  session.secret = *secret;
  session.nodes = object.at("nodes").get<int>();
  session.protocol = object.value("protocol", std::uint64_t{0});
  session.ready = true;
  return Status();
}

Result<Session> session_from_object(const json& object) {
  Session session;
  session.name = object.at("name").get<std::string>();
  session.job = object.at("job").get<std::string>();
  session.kind = object.at("kind").get<std::string>();
  session.host = object.at("host").get<std::string>();
  session.keeper.pid = object.at("launcher_pid").get<pid_t>();
  session.keeper.start_ticks = object.at("launcher_start").get<std::uint64_t>();
  session.keeper.boot_id = object.at("boot_id").get<std::string>();
  session.started = object.at("started").get<std::string>();
  if (object.contains("head")) ATOLL_RETURN_IF_ERROR(read_ready_part(object, session));
  return session;
}

std::string join_ids(const std::vector<Session>& sessions) {
  std::string text;
  for (const Session& session : sessions) text += (text.empty() ? "" : ", ") + session.id();
  return text;
}

Status none_found(const Environment& environment, const std::string& job) {
  // What the plugin passed from sbatch is still there: nobody took it up.
  if (environment.contains("SLURM_ATOLL_SPEC"))
    return Status(Code::kInfeasible, "job " + job + " was given --atoll, but Slurm on this node (" +
                                         lookup(environment, "SLURMD_NODENAME") +
                                         ") has not loaded Atoll's plugin; atoll doctor says why; or use atoll run");
  if (is_promised_cluster(environment))
    return Status(Code::kNotFound, "job " + job +
                                       " was given --atoll, but has no cluster on this host yet; if none comes, " +
                                       "its output says why");
  const std::string where = job == "local" ? "outside of a Slurm job" : "in job " + job;
  return Status(Code::kNotFound,
                "no Atoll cluster " + where +
                    " on this host; start the program with atoll run, or start a cluster with atoll up");
}

Status still_starting(const Session& session) {
  const std::string progress = read_progress(session.folder);
  return Status(Code::kUnavailable,
                "cluster " + session.id() + " is still coming up" + (progress.empty() ? "" : ": " + progress));
}

Result<Session> named_session(const std::string& folder) {
  Result<Session> session = read_session(folder);
  if (!session.ok()) return session.status().prefixed("ATOLL_SESSION");
  if (!is_alive(session->keeper))
    return Status(Code::kNotFound, "the cluster of ATOLL_SESSION=" + folder + " has ended");
  return session->ready ? session : still_starting(*session);
}

}  // namespace

std::string session_to_json(const Session& session) {
  json object = {{"name", session.name},
                 {"job", session.job},
                 {"kind", session.kind},
                 {"host", session.host},
                 {"launcher_pid", session.keeper.pid},
                 {"launcher_start", session.keeper.start_ticks},
                 {"boot_id", session.keeper.boot_id},
                 {"started", session.started}};
  if (session.ready) {
    object["head"] = head_to_json(session.head);
    object["secret"] = session.secret.to_hex();
    object["nodes"] = session.nodes;
    object["protocol"] = session.protocol;
  }
  return object.dump(1) + "\n";
}

Result<Session> session_from_json(const std::string& text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return Status(Code::kInvalidArgument, "cluster.json is not a JSON object");
  try {
    return session_from_object(object);
  } catch (const json::exception& error) {
    return Status(Code::kInvalidArgument, std::string("cluster.json: ") + error.what());
  }
}

Status check_protocol(const Session& session) {
  if (session.protocol == kProtocolVersion) return Status();
  const std::string theirs = session.protocol == 0 ? "an earlier version" : "version " + std::to_string(session.protocol);
  return Status(Code::kInfeasible, "cluster " + session.id() + " speaks " + theirs + " of Atoll's protocol, this program version " +
                                       std::to_string(kProtocolVersion) + ": build it with the Atoll that the cluster runs, or start " +
                                       "the cluster with that of the program");
}

std::string session_job(const Environment& environment) {
  const std::string& job = lookup(environment, "SLURM_JOB_ID");
  return job.empty() ? "local" : job;
}

bool is_promised_cluster(const Environment& environment) {
  const std::string& job = lookup(environment, "ATOLL_JOB");
  return !job.empty() && job == session_job(environment);
}

Result<Session> read_session(const std::string& folder) {
  Result<PrivateFolder> opened = PrivateFolder::open(folder);
  if (!opened.ok()) return opened.status();
  Result<std::string> text = opened->read(kSessionFile, kMaxFileBytes);
  if (!text.ok()) return text.status();
  Result<Session> session = session_from_json(*text);
  if (session.ok()) session->folder = folder;
  return session.ok() ? session : session.status().prefixed(folder);
}

std::vector<Session> list_sessions(const Environment& environment, const std::string& job) {
  std::vector<Session> sessions;
  for (const std::string& folder : session_folders(environment, job)) {
    Result<Session> session = read_session(folder);
    if (!session.ok()) continue;
    if (is_alive(session->keeper))
      sessions.push_back(std::move(*session));
    else
      remove_session_folder(folder);
  }
  std::sort(sessions.begin(), sessions.end(), [](const Session& a, const Session& b) { return a.id() < b.id(); });
  return sessions;
}

Result<Session> find_session(const Environment& environment) {
  if (const std::string& folder = lookup(environment, "ATOLL_SESSION"); !folder.empty()) return named_session(folder);
  const std::string job = session_job(environment);
  const std::vector<Session> sessions = list_sessions(environment, job);
  if (sessions.empty()) return none_found(environment, job);
  if (sessions.size() > 1)
    return Status(Code::kInvalidArgument, "several clusters run here (" + join_ids(sessions) +
                                              "); name one with --name, or set ATOLL_SESSION to its folder");
  if (!sessions.front().ready) return still_starting(sessions.front());
  return sessions.front();
}

}  // namespace Atoll
