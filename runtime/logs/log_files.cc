#include "runtime/logs/log_files.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/log.h"
#include "runtime/session/session_folder.h"

namespace Atoll {
namespace {

Status write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_status("write", errno);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return Status();
}

}  // namespace

std::optional<LogFiles::Options> log_options(const Environment& environment, const std::string& node,
                                             const std::string& session) {
  LogFiles::Options options;
  if (const long bytes = lookup_number(environment, "ATOLL_LOG_BYTES"); bytes >= 0)
    options.limits = {static_cast<std::uint64_t>(bytes), 16 * static_cast<std::uint64_t>(bytes)};
  if (options.limits.process == 0) return std::nullopt;
  options.node = node;
  const std::string& kept = lookup(environment, "ATOLL_KEEP_LOGS");
  options.folder = kept.empty() ? session + "/" + kLogFolder : kept;
  options.is_private = kept.empty();
  return options;
}

LogFiles::LogFiles(Options options)
    : options_(std::move(options)),
      room_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      book_(options_.node, options_.limits),
      thread_([this] { run(); }) {}

LogFiles::~LogFiles() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LogFiles::post(Order order) {
  {
    const std::lock_guard lock(mutex_);
    orders_.push_back(std::move(order));
  }
  changed_.notify_all();
}

void LogFiles::write(ProcessId process, std::string text) {
  {
    const std::lock_guard lock(mutex_);
    waiting_ += text.size();
    was_full_ |= waiting_ > kFull;
    auto* last = orders_.empty() ? nullptr : std::get_if<Write>(&orders_.back());
    if (last != nullptr && last->process == process)
      last->text += text;
    else
      orders_.push_back(Write{process, std::move(text)});
  }
  changed_.notify_all();
}

bool LogFiles::full() const {
  const std::lock_guard lock(mutex_);
  return waiting_ > kFull;
}

void LogFiles::take_room() {
  std::uint64_t count;
  [[maybe_unused]] const ssize_t n = ::read(room_.get(), &count, sizeof count);
}

bool LogFiles::ask(ProcessId from, const Message& question) {
  if (const auto* list = std::get_if<GetLogs>(&question)) post(List{from, *list});
  if (const auto* read = std::get_if<ReadLog>(&question)) post(Read{from, *read});
  return std::holds_alternative<GetLogs>(question) || std::holds_alternative<ReadLog>(question);
}

void LogFiles::run() {
  ::pthread_setname_np(::pthread_self(), "logs");
  sigset_t signals;  // what ends the process is another thread's matter
  sigfillset(&signals);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closed_ || !orders_.empty(); });
    if (orders_.empty()) return;
    const std::vector<Order> orders = std::exchange(orders_, {});
    for (const Order& order : orders) {
      lock.unlock();
      std::visit([this](const auto& what) { carry_out(what); }, order);
      lock.lock();
      const auto* written = std::get_if<Write>(&order);
      if (written == nullptr) continue;
      waiting_ -= written->text.size();
      if (!was_full_ || waiting_ >= kFull / 2) continue;
      was_full_ = false;
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t n = ::write(room_.get(), &one, sizeof one);
    }
  }
}

void LogFiles::carry_out(const End& end) {
  open_.erase(end.process);
  remove(book_.end(end.process));
}

void LogFiles::carry_out(const Write& write) {
  for (std::string_view left = write.text; !left.empty() && why_.empty();) {
    const LogBook::Append to = book_.append(write.process, left);
    if (to.file.empty()) return;
    if (const Status status = append(to, write.process, left.substr(0, to.bytes)); !status.ok()) return fail(status);
    left.remove_prefix(to.bytes);
    remove(to.removed);
  }
}

Status LogFiles::open_folder() {
  if (folder_.valid()) return Status();
  const char* path = options_.folder.c_str();
  if (::mkdir(path, options_.is_private ? 0700 : 0777) != 0 && errno != EEXIST)
    return errno_status("cannot make the folder " + options_.folder, errno);
  folder_.reset(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (options_.is_private ? O_NOFOLLOW : 0)));
  return folder_.valid() ? Status() : errno_status("cannot open the folder " + options_.folder, errno);
}

Status LogFiles::append(const LogBook::Append& to, ProcessId process, std::string_view text) {
  ATOLL_RETURN_IF_ERROR(open_folder());
  if (open_.size() > kMostOpen) open_.clear();
  Open& file = open_[process];
  if (file.name != to.file) {
    file.name = to.file;
    file.fd.reset(::openat(folder_.get(), to.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
                           options_.is_private ? 0600 : 0666));
  }
  if (!file.fd.valid()) return errno_status("cannot make " + options_.folder + "/" + to.file, errno);
  return write_all(file.fd.get(), text).prefixed(options_.folder + "/" + to.file);
}

void LogFiles::remove(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    std::erase_if(open_, [&file](const auto& entry) { return entry.second.name == file; });
    ::unlinkat(folder_.get(), file.c_str(), 0);
  }
}

void LogFiles::fail(const Status& why) {
  why_ = why.message();
  open_.clear();
  log::warn("from now on no output is kept in log files on this node: {}", why_);
}

void LogFiles::carry_out(const List& list) {
  answers_.post({list.from, LogList{list.question.request, book_.list(), why_}});
}

void LogFiles::carry_out(const Read& asked) {
  LogBytes answer{asked.question.request, asked.question.from, "", ""};
  if (const std::optional<LogBook::Place> place = book_.find(asked.question.process, asked.question.from)) {
    answer.from = place->from;
    Result<std::string> bytes =
        read(*place, std::min<std::uint64_t>({place->bytes, asked.question.bytes, kMostLogBytes}));
    if (bytes.ok())
      answer.bytes = std::move(*bytes);
    else
      answer.why = bytes.status().message();
  }
  answers_.post({asked.from, std::move(answer)});
}

Result<std::string> LogFiles::read(const LogBook::Place& place, std::uint64_t bytes) const {
  const Fd file(::openat(folder_.get(), place.file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid()) return errno_status("cannot open " + options_.folder + "/" + place.file, errno);
  std::string text(bytes, '\0');
  const ssize_t n = ::pread(file.get(), text.data(), text.size(), static_cast<off_t>(place.offset));
  if (n < 0) return errno_status("cannot read " + options_.folder + "/" + place.file, errno);
  text.resize(static_cast<std::size_t>(n));
  return text;
}

}  // namespace Atoll
