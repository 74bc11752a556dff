#include "launcher/dashboard/distant_watcher.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "launcher/dashboard/watcher.h"

namespace Atoll {
namespace {

constexpr Duration kStartPatience = std::chrono::seconds(60);
constexpr Duration kAnswerPatience = std::chrono::seconds(12);  // the page waits for 15
constexpr Duration kEndPatience = std::chrono::seconds(3);
constexpr Duration kLookEach = std::chrono::milliseconds(20);

struct Pipe {
  Fd read, write;
};
Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_status("cannot make a pipe", errno);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

HttpReply ended_reply() {
  const nlohmann::json object = {{"error", "the job has ended, or our step in it; type atoll dashboard again"},
                                 {"ended", false}};
  return {503, "application/json", object.dump()};
}

}  // namespace

Result<std::unique_ptr<DistantWatcher>> DistantWatcher::start(const IntoJob& plan) {
  Result<Pipe> questions = make_pipe(), answers = make_pipe();
  if (!questions.ok()) return questions.status();
  if (!answers.ok()) return answers.status();
  ChildOptions options;
  options.argv = plan.argv;
  options.environment = plan.environment;
  options.in = questions->read.get();
  options.out = answers->write.get();
  options.death_signal = SIGTERM;
  Result<Child> child = Child::start(options);
  if (!child.ok()) return child.status();
  std::unique_ptr<DistantWatcher> watcher(
      new DistantWatcher(std::move(*child), std::move(questions->write), std::move(answers->read)));
  answers->write.reset();
  const Result<std::string> greeting = watcher->read_line(now() + kStartPatience);
  if (!greeting.ok()) return greeting.status().prefixed("the job's first node");
  Result<std::string> cluster = cluster_from_greeting(*greeting);
  if (!cluster.ok()) return cluster.status().prefixed("the job's first node");
  watcher->cluster_ = std::move(*cluster);
  return watcher;
}

DistantWatcher::~DistantWatcher() {
  in_.reset();
  const Time gentle = now() + kEndPatience, limit = gentle + kEndPatience;
  for (bool told = false; child_.running() && now() < limit; std::this_thread::sleep_for(kLookEach)) {
    child_.look();
    if (told || now() < gentle) continue;
    child_.signal_group(SIGTERM);
    told = true;
  }
  if (child_.running()) child_.signal_group(SIGKILL);
}

HttpReply DistantWatcher::answer(const DashboardQuestion& question) {
  const QuestionLine line = {++asked_, question.path, question.arguments};
  if (!write(to_line(line))) return ended_reply();
  const Time deadline = now() + kAnswerPatience;
  while (true) {
    const Result<std::string> came = read_line(deadline);
    if (!came.ok() && came.status().code() == Code::kTimedOut)
      return error_reply(503, "the job's first node does not answer");
    if (!came.ok()) return ended_reply();
    Result<ReplyLine> reply = reply_from_line(*came);
    if (!reply.ok()) return error_reply(503, "the job's first node: " + reply.status().message());
    if (reply->number == asked_) return std::move(reply->reply);  // others come late
  }
}

bool DistantWatcher::write(const std::string& line) {
  for (std::size_t at = 0; at < line.size();) {
    const ssize_t size = ::write(in_.get(), line.data() + at, line.size() - at);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return false;
    at += static_cast<std::size_t>(size);
  }
  return true;
}

Result<std::string> DistantWatcher::read_line(Time deadline) {
  std::size_t searched = 0;
  while (true) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    searched = buffer_.size();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now()).count();
    pollfd ready = {out_.get(), POLLIN, 0};
    if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) == 0)
      return Status(Code::kTimedOut, "it does not answer");
    char piece[65536];
    const ssize_t size = ::read(out_.get(), piece, sizeof piece);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return Status(Code::kUnavailable, "its step has ended");
    buffer_.append(piece, static_cast<std::size_t>(size));
  }
}

void answer_lines(Watcher& watcher, const std::string& cluster) {
  std::cout << greeting_line(cluster) << std::flush;
  for (std::string line; std::cout && std::getline(std::cin, line);) {
    const Result<QuestionLine> asked = question_from_line(line);
    if (!asked.ok()) continue;  // nobody would know the answer's number
    const Result<DashboardQuestion> question = parse_question(asked->path, asked->arguments);
    const HttpReply reply = question.ok() ? watcher.answer(*question) : error_reply(400, question.status().message());
    std::cout << to_line(ReplyLine{asked->number, reply}) << std::flush;
  }
}

}  // namespace Atoll
