#include "launcher/step.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace Atoll {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kMaxLineBytes = 8 * 1024;

struct Pipe {
  Fd ours, theirs;
};

// A pipe whose end on our side does not block.
Result<Pipe> make_pipe(bool we_write) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_status("cannot make a pipe", errno);
  Pipe pipe;
  pipe.ours.reset(ends[we_write ? 1 : 0]);
  pipe.theirs.reset(ends[we_write ? 0 : 1]);
  ::fcntl(pipe.ours.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

// Up to kReadBytes of what is there; closes `fd` at the end of the stream.
std::string read_some(Fd& fd) {
  std::string bytes(kReadBytes, '\0');
  const ssize_t size = ::read(fd.get(), bytes.data(), bytes.size());
  if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) fd.reset();
  bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return bytes;
}

Environment step_environment(const LaunchPlan& plan, Environment environment, const std::string& secret) {
  for (const std::string& name : plan.unset) environment.erase(name);
  for (const auto& [name, value] : plan.set) environment[name] = value;
  environment["ATOLL_SECRET"] = secret;
  return environment;
}

}  // namespace

Step::Step(Child child, Fd in, Fd out, Fd err, std::string program, const LogView::Options& out_view,
           const LogView::Options& err_view)
    : child_(std::move(child)),
      in_(std::move(in)),
      out_(std::move(out)),
      err_(std::move(err)),
      program_(std::move(program)),
      out_view_(out_view),
      err_view_(err_view) {}

Result<Step> Step::start(const LaunchPlan& plan, const Environment& environment, const std::string& secret,
                         const LogView::Options& out_view, const LogView::Options& err_view) {
  Result<Pipe> in = make_pipe(true), out = make_pipe(false), err = make_pipe(false);
  for (const Result<Pipe>* pipe : {&in, &out, &err}) ATOLL_RETURN_IF_ERROR(pipe->status());
  Result<Child> child = Child::start({.argv = plan.argv,
                                      .environment = step_environment(plan, environment, secret),
                                      .in = in->theirs.get(),
                                      .out = out->theirs.get(),
                                      .err = err->theirs.get(),
                                      .death_signal = SIGTERM});
  if (!child.ok()) return child.status();
  const std::string& path = plan.argv.front();
  return Step(*child, std::move(in->ours), std::move(out->ours), std::move(err->ours),
              path.substr(path.rfind('/') + 1), out_view, err_view);
}

void Step::add_to(std::vector<pollfd>& fds) const {
  if (out_.valid() && !stdout_.full()) fds.push_back({out_.get(), POLLIN, 0});
  if (err_.valid() && !stderr_.full()) fds.push_back({err_.get(), POLLIN, 0});
  if (in_.valid() && !commands_.empty()) fds.push_back({in_.get(), POLLOUT, 0});
  stdout_.add_to(fds);
  stderr_.add_to(fds);
}

void Step::pump(std::vector<ControlEvent>& events, std::vector<std::string>& warnings) {
  child_.look();  // first: what it said before its end is then in the pipes
  stdout_.push(out_view_.tick(now()));
  stderr_.push(err_view_.tick(now()));
  if (out_.valid() && !stdout_.full()) read_out(events, warnings);
  if (err_.valid() && !stderr_.full()) read_err();
  write_in();
}

void Step::read_out(std::vector<ControlEvent>& events, std::vector<std::string>& warnings) {
  EventReader::Output read = reader_.feed(read_some(out_));
  if (!out_.valid()) read.text += reader_.finish();
  stdout_.push(out_view_.take(now(), read.text));
  events.insert(events.end(), read.events.begin(), read.events.end());
  warnings.insert(warnings.end(), read.warnings.begin(), read.warnings.end());
}

void Step::read_err() {
  err_line_ += read_some(err_);
  std::size_t begin = 0;
  for (std::size_t end; (end = err_line_.find('\n', begin)) != std::string::npos; begin = end + 1)
    pass_on_line(err_line_.substr(begin, end + 1 - begin));
  err_line_.erase(0, begin);
  if (err_line_.size() <= kMaxLineBytes && err_.valid()) return;
  pass_on_line(err_line_);
  err_line_.clear();
}

void Step::pass_on_line(const std::string& line) {
  if (is_noise(line)) return;
  if (tells_of_cancel(line)) {
    if (last_complaint_.empty()) last_complaint_ = "the step was cancelled";
    return;
  }
  // That srun ended a task is what follows from the complaint before it, and no reason.
  if (const std::string complaint = srun_complaint(line);
      !complaint.empty() && (last_complaint_.empty() || !is_end_of_task(complaint)))
    last_complaint_ = complaint;
  stderr_.push(err_view_.take(now(), line));
}

void Step::send(const ControlCommand& command) {
  commands_ += encode_command(command);
  write_in();
}

void Step::close_input() {
  closing_ = true;
  write_in();
}

void Step::write_in() {
  while (in_.valid() && !commands_.empty()) {
    const ssize_t written = ::write(in_.get(), commands_.data(), commands_.size());
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0 && errno != EINTR) in_.reset();
    if (written > 0) commands_.erase(0, static_cast<std::size_t>(written));
  }
  if (closing_) in_.reset();
}

std::string Step::how_it_ended() const {
  const std::string how = program_ + " ended with " + child_.ending().to_string();
  return last_complaint_.empty() ? how : how + ": " + last_complaint_;
}

std::optional<Time> Step::next_tick() const {
  const std::optional<Time> out = out_view_.next_tick(), err = err_view_.next_tick();
  return out && err ? std::min(*out, *err) : out ? out : err;
}

void Step::flush() {
  stdout_.push(out_view_.finish(now()));
  stderr_.push(err_view_.finish(now()));
  stdout_.flush();
  stderr_.flush();
}

void Step::drop_output() {
  out_.reset();
  err_.reset();
}

std::string srun_complaint(const std::string& line) {
  for (const char* prefix : {"srun: error: ", "srun: fatal: "}) {
    if (!line.starts_with(prefix)) continue;
    const std::string words = line.substr(std::string(prefix).size());
    return words.substr(0, words.find_last_not_of(" \n") + 1);
  }
  return "";
}

bool is_end_of_task(const std::string& complaint) {
  const std::size_t task = complaint.find(": task");
  return task != std::string::npos && complaint.find(' ') == task + 1;
}

bool is_noise(const std::string& line) {
  return line.starts_with("srun: cluster configuration lacks support for cpu binding");
}

bool tells_of_cancel(const std::string& line) {
  if (line.starts_with("srun: Job step aborted: ")) return true;
  return line.find(": error: *** STEP ") != std::string::npos && line.find(" CANCELLED ") != std::string::npos;
}

}  // namespace Atoll
