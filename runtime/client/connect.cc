#include "runtime/client/connect.h"

#include <limits.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "runtime/base/build_id.h"
#include "runtime/base/log.h"
#include "runtime/client/query.h"
#include "runtime/client/termination.h"
#include "runtime/client/worker.h"
#include "runtime/wire/msgpack_extent.h"
#include "runtime/wire/pack.h"
#include "runtime/wire/worker_environment.h"
#include "runtime/wire/worker_start.h"

namespace Atoll {
namespace {

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string current_directory() {
  char path[PATH_MAX];
  return ::getcwd(path, sizeof path) == nullptr ? "/" : path;
}

// The file this process runs, by the path other nodes may find it under.
Result<std::string> own_program() {
  char path[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
  if (n <= 0) return errno_status("/proc/self/exe", errno);
  return std::string(path, static_cast<std::size_t>(n));
}

Result<JobInfo> own_job() {
  Result<std::string> program = own_program();
  if (!program.ok()) return program.status();
  Result<std::string> build_id = build_id_of("/proc/self/exe");
  if (!build_id.ok()) return build_id.status();
  JobInfo job;
  job.path = *program;
  job.build_id = *build_id;
  job.directory = current_directory();
  job.environment = driver_environment(current_environment());
  return job;
}

}  // namespace

std::string encode_contact(const Contact& contact) {
  msgpack::sbuffer buffer;
  msgpack::pack(buffer, contact);
  return {buffer.data(), buffer.size()};
}

Result<Contact> decode_contact(const std::string& bytes) {
  // It stands inside of values, whoever made them.
  if (!announces_what_it_has(bytes)) return Status(Code::kInvalidArgument, "not a contact: it announces more than it has, or less");
  try {
    return msgpack::unpack(bytes.data(), bytes.size())->as<Contact>();
  } catch (const std::exception& error) {
    return Status(Code::kInvalidArgument, std::string("not a contact: ") + error.what());
  }
}

Result<std::unique_ptr<ClientRuntime>> join(const Session& session, ClientListener& listener) {
  ATOLL_RETURN_IF_ERROR(check_protocol(session));
  ClientRuntime::Options options;
  options.self = random_process_id();
  options.secret = session.secret;
  options.head = session.head;
  options.job = options.self;
  return ClientRuntime::start(options, listener);
}

Result<std::unique_ptr<Connection>> Connection::open(const Session& session, ClientKind kind, Time deadline) {
  std::unique_ptr<Connection> connection(new Connection(kind, session.head.process));
  connection->head_ = session.head.process;
  Result<std::unique_ptr<ClientRuntime>> runtime = join(session, connection->answers_);
  if (!runtime.ok()) return runtime.status();
  connection->runtime_ = std::move(*runtime);
  ATOLL_RETURN_IF_ERROR(connection->attach(session.head, deadline));
  return connection;
}

Status Connection::attach(const Contact& head, Time deadline) {
  Attach request;
  request.client = runtime_->self();
  request.kind = kind_;
  request.host = host_name();
  request.pid = static_cast<std::uint64_t>(::getpid());
  if (kind_ == ClientKind::kDriver) {
    Result<JobInfo> job = own_job();
    if (!job.ok()) return job.status();
    request.job = *job;
    answers_.serve_program("/proc/self/exe", *runtime_);
  }
  runtime_->post([request, to = head.process](Time, ClientCore&, ClientOutbox& out) { out.send(to, request); });
  Result<Message> answer = answers_.wait(deadline);
  if (!answer.ok()) return answer.status();
  if (const auto* refused = std::get_if<AttachRefused>(&*answer)) return Status(Code::kUnavailable, refused->why);
  const auto* attached = std::get_if<Attached>(&*answer);
  if (attached == nullptr) return Status(Code::kInternal, "the head answered something else to Attach");
  attached_ = *attached;
  runtime_->use_home(attached_.home, kind_ == ClientKind::kDriver ? "driver" : "");
  return Status();
}

Connection::~Connection() {
  if (runtime_ == nullptr || kind_ != ClientKind::kDriver) return;
  runtime_->copies().close();  // before the daemons hear of the job's end, and give the memory to others
  runtime_->hand_over_timeline();
  runtime_->post([head = head_, job = runtime_->self().process](Time, ClientCore& core, ClientOutbox& out) {
    out.send(head, Detach{job, core.totals()});
  });
}

Result<StatusReport> Connection::status(Time deadline) {
  runtime_->post([head = head_](Time, ClientCore&, ClientOutbox& out) { out.send(head, GetStatus{}); });
  Result<Message> answer = answers_.wait(deadline);
  if (!answer.ok()) return answer.status();
  if (auto* report = std::get_if<StatusReport>(&*answer)) return std::move(*report);
  return Status(Code::kInternal, "the head answered something else to GetStatus");
}

Result<StatusReport> query_status(const Session& session, Duration timeout) {
  // A status is wanted of a cluster that is still coming up too: no Attach.
  Answers answers(session.head.process);
  Result<std::unique_ptr<ClientRuntime>> runtime = join(session, answers);
  if (!runtime.ok()) return runtime.status();
  (*runtime)->post([head = session.head.process](Time, ClientCore&, ClientOutbox& out) { out.send(head, GetStatus{}); });
  Result<Message> answer = answers.wait(now() + timeout);
  if (!answer.ok()) return answer.status();
  if (auto* report = std::get_if<StatusReport>(&*answer)) return std::move(*report);
  return Status(Code::kInternal, "the head answered something else to GetStatus");
}

namespace {

[[noreturn]] void worker_failed(const Status& status) {
  std::fprintf(stderr, "atoll worker: %s\n", status.message().c_str());
  std::_Exit(1);
}

// Large values come to a worker through its node's memory.
constexpr std::size_t kWorkerTcpWindow = std::size_t{64} << 10;

Result<Secret> read_secret(int fd) {
  const Fd owned(fd);
  char hex[64];
  std::size_t have = 0;
  while (have < sizeof hex) {
    const ssize_t n = ::read(fd, hex + have, sizeof hex - have);
    if (n <= 0) return Status(Code::kUnauthenticated, "the node daemon did not hand over the cluster's secret");
    have += static_cast<std::size_t>(n);
  }
  return Secret::from_hex({hex, sizeof hex});
}

}  // namespace

void run_worker_process(const std::string& text) {
  Result<WorkerStart> start = decode_worker_start(text);
  if (!start.ok()) worker_failed(start.status());
  Result<Secret> secret = read_secret(start->secret_fd);
  if (!secret.ok()) worker_failed(secret.status());
  log::set_up(start->binding.node, "worker", "warn");
  ClientRuntime::Options options;
  options.self = start->self.process;
  options.node = start->self.node;
  options.secret = *secret;
  options.head = start->head;
  options.job = start->job;
  options.tcp_window = kWorkerTcpWindow;
  WorkQueue queue(start->daemon.process);
  Result<std::unique_ptr<ClientRuntime>> runtime = ClientRuntime::start(options, queue);
  if (!runtime.ok()) worker_failed(runtime.status());
  queue.use(**runtime);
  // A worker begins with SIGTERM blocked (worker_process.h): had it ended while its transport was opened, UCX would
  // have left its shared memory behind.
  accept_termination((*runtime)->wake_fd());
  set_current_runtime(runtime->get());
  WorkerReady ready{(*runtime)->self(), static_cast<std::uint64_t>(::getpid()), start->build_id};
  (*runtime)->use_home(start->daemon, "worker");
  (*runtime)->post([ready, daemon = start->daemon.process](Time, ClientCore&, ClientOutbox& out) { out.send(daemon, ready); });
  run_worker(**runtime, queue, start->binding.node, start->daemon.process);
}

}  // namespace Atoll
