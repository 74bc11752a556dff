#include "runtime/wire/stdio_wireup.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace Atoll {

namespace {

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EAGAIN) {
      pollfd writable{fd, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (written < 0 && errno != EINTR) {
      return errno_status("cannot tell the launcher", errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(0, written)));
  }
  return Status();
}

// Waits for bytes on `fd` and appends them; kUnavailable at its end.
Status read_some(int fd, Time deadline, std::string& bytes) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now()).count();
  pollfd readable{fd, POLLIN, 0};
  const int ready = left <= 0 ? 0 : ::poll(&readable, 1, static_cast<int>(std::min<std::int64_t>(left, 1 << 30)));
  if (ready == 0) return Status(Code::kTimedOut, "the launcher did not send rank 0's card in time");
  char chunk[4096];
  const ssize_t size = ready < 0 ? -1 : ::read(fd, chunk, sizeof chunk);
  if (size == 0) return Status(Code::kUnavailable, "the launcher closed our stdin before it sent rank 0's card");
  if (size < 0) return errno == EINTR || errno == EAGAIN ? Status() : errno_status("cannot hear the launcher", errno);
  bytes.append(chunk, static_cast<std::size_t>(size));
  return Status();
}

}  // namespace

Status write_event(int fd, const ControlEvent& event) {
  for (const std::string& line : encode_event(event)) ATOLL_RETURN_IF_ERROR(write_all(fd, line));
  return Status();
}

StdioWireUp::StdioWireUp(Environment environment, StageReport report)
    : StdioWireUp(std::move(environment), std::move(report), Options()) {}

StdioWireUp::StdioWireUp(Environment environment, StageReport report, Options options)
    : wire_up_(expected_wire_up(environment)), report_(std::move(report)), options_(options) {}

Result<WireUp> StdioWireUp::begin() {
  if (wire_up_.rank < wire_up_.size) return wire_up_;
  return Status(Code::kInvalidArgument, "rank " + std::to_string(wire_up_.rank) + " in a step of " +
                                            std::to_string(wire_up_.size) +
                                            " daemons: ATOLL_NODES and SLURM_PROCID disagree");
}

Result<Card> StdioWireUp::exchange(const Card& own) {
  report_("card");
  ATOLL_RETURN_IF_ERROR(write_event(options_.out, CardEvent{wire_up_.rank, own.host, encode_card(own)}));
  if (wire_up_.rank == 0) return own;
  report_("wait");
  return wait_for_card();
}

Result<Card> StdioWireUp::wait_for_card() {
  const Time deadline = now() + options_.deadline;
  std::size_t end = 0;
  while ((end = unread_.find('\n')) == std::string::npos) {
    if (unread_.size() > kMaxCommandBytes)
      return Status(Code::kInvalidArgument, "the launcher sent a line without end");
    ATOLL_RETURN_IF_ERROR(read_some(options_.in, deadline, unread_));
  }
  Result<ControlCommand> command = decode_command(std::string_view(unread_).substr(0, end));
  unread_.erase(0, end + 1);
  if (!command.ok()) return command.status().prefixed("the launcher's command");
  if (const auto* card = std::get_if<CardCommand>(&*command)) return decode_head_card(card->card);
  return Status(Code::kAborted, "the launcher ended the cluster while it came up");
}

}  // namespace Atoll
