#include "runtime/client/process.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include <atoll/error.h>

namespace Atoll {
namespace {

std::atomic<ClientRuntime*> current{nullptr};

constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

ProgramChunk read_chunk(const std::string& path, const GetProgram& request) {
  ProgramChunk chunk;
  chunk.job = request.job;
  chunk.offset = request.offset;
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  if (!file.valid() || ::fstat(file.get(), &info) != 0) {
    chunk.why = path + ": " + std::strerror(errno);
    return chunk;
  }
  chunk.total = static_cast<std::uint64_t>(info.st_size);
  chunk.bytes.resize(kChunkBytes);
  const ssize_t n = ::pread(file.get(), chunk.bytes.data(), chunk.bytes.size(), static_cast<off_t>(request.offset));
  chunk.bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  if (chunk.bytes.empty()) chunk.why = n < 0 ? std::strerror(errno) : "it ended early";
  return chunk;
}

}  // namespace

ClientRuntime& current_runtime() {
  ClientRuntime* runtime = current.load(std::memory_order_acquire);
  if (runtime == nullptr)
    throw ClusterLostError("there is no connection to a cluster; call Atoll::connect(argc, argv) first and keep what it returns");
  return *runtime;
}

bool has_runtime() { return current.load(std::memory_order_acquire) != nullptr; }

void set_current_runtime(ClientRuntime* runtime) { current.store(runtime, std::memory_order_release); }

void Answers::on_other_message(ProcessId from, Message message) {
  const std::lock_guard lock(mutex_);
  if (const auto* request = std::get_if<GetProgram>(&message)) {
    if (runtime_ == nullptr) return;
    runtime_->post([chunk = read_chunk(program_, *request), from](Time, ClientCore&, ClientOutbox& out) {
      out.send(from, chunk);
    });
    return;
  }
  const bool is_answer = std::holds_alternative<Attached>(message) || std::holds_alternative<AttachRefused>(message) ||
                         std::holds_alternative<StatusReport>(message);
  if (!is_answer || from != head_) return;
  answer_ = std::move(message);
  arrived_.notify_all();
}

void Answers::on_peer_lost(ProcessId peer, const Status& why) {
  if (peer != head_) return;
  const std::lock_guard lock(mutex_);
  lost_ = why;
  arrived_.notify_all();
}

Result<Message> Answers::wait(Time deadline) {
  std::unique_lock lock(mutex_);
  const auto until = std::chrono::steady_clock::time_point(deadline.time_since_epoch());
  const bool any = arrived_.wait_until(lock, until, [this] { return answer_ || lost_; });
  if (!any) return Status(Code::kTimedOut, "the cluster's head does not answer");
  if (!answer_) return lost_->prefixed("the cluster's head cannot be reached");
  Message message = std::move(*answer_);
  answer_.reset();
  return message;
}

void Answers::serve_program(std::string path, ClientRuntime& runtime) {
  const std::lock_guard lock(mutex_);
  program_ = std::move(path);
  runtime_ = &runtime;
}

}  // namespace Atoll
