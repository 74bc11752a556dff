#include "runtime/wire/fork_channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace Atoll {
namespace {

constexpr std::size_t kMaxPacket = std::size_t{1} << 16;
constexpr int kDescriptors = 3;

// Room for the descriptors of a request.
struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptors * sizeof(int))> bytes{};
};

msghdr packet(iovec& text, Control& control) {
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  return message;
}

// Owns what came, be it as many as there should be or not.
std::array<Fd, kDescriptors> take_descriptors(msghdr& message) {
  std::array<Fd, kDescriptors> taken;
  const cmsghdr* head = CMSG_FIRSTHDR(&message);
  if (head == nullptr || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) return taken;
  const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t i = 0; i < count && i < taken.size(); ++i) {
    int fd;
    std::memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
    taken[i].reset(fd);
  }
  return taken;
}

std::string text_of(const ForkAnswer& answer) {
  if (const auto* unfit = std::get_if<Unfit>(&answer)) return "u" + unfit->why;
  if (const auto* forked = std::get_if<Forked>(&answer)) return "f" + std::to_string(forked->pid);
  return "w";
}

}  // namespace

Status send_request(int channel, const ForkRequest& request) {
  if (request.start.size() > kMaxPacket)
    return Status(Code::kInvalidArgument,
                  "what a worker is told takes more than " + std::to_string(kMaxPacket) + " bytes");
  iovec text{const_cast<char*>(request.start.data()), request.start.size()};
  Control control;
  msghdr message = packet(text, control);
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(kDescriptors * sizeof(int));
  const int descriptors[kDescriptors] = {request.secret.get(), request.out.get(), request.err.get()};
  std::memcpy(CMSG_DATA(head), descriptors, sizeof descriptors);
  if (::sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return Status();
  return errno_status("asking the warm process", errno);
}

Result<std::optional<ForkRequest>> receive_request(int channel) {
  std::string start(kMaxPacket, '\0');
  iovec text{start.data(), start.size()};
  Control control;
  msghdr message = packet(text, control);
  ssize_t n;
  while ((n = ::recvmsg(channel, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (n < 0) return errno_status("the node daemon's channel", errno);
  if (n == 0) return std::optional<ForkRequest>();
  std::array<Fd, kDescriptors> fds = take_descriptors(message);
  if (!fds.back().valid()) return Status(Code::kInvalidArgument, "a request to fork without its descriptors");
  start.resize(static_cast<std::size_t>(n));
  return std::optional(ForkRequest{std::move(start), std::move(fds[0]), std::move(fds[1]), std::move(fds[2])});
}

Status send_answer(int channel, const ForkAnswer& answer) {
  const std::string text = text_of(answer);
  if (::send(channel, text.data(), text.size(), MSG_NOSIGNAL) >= 0) return Status();
  return errno_status("answering the node daemon", errno);
}

Result<ForkAnswer> receive_answer(int channel, int limit_ms) {
  pollfd waited{channel, POLLIN, 0};
  if (::poll(&waited, 1, limit_ms) == 0) return Status(Code::kTimedOut, "it did not answer");
  char text[512];
  const ssize_t n = ::recv(channel, text, sizeof text - 1, MSG_DONTWAIT);
  if (n <= 0) return Status(Code::kUnavailable, "it has ended");
  text[n] = '\0';
  const int pid = std::atoi(text + 1);
  if (text[0] == 'w') return ForkAnswer(Warm{});
  if (text[0] == 'u') return ForkAnswer(Unfit{text + 1});
  if (text[0] == 'f' && pid > 0) return ForkAnswer(Forked{pid});
  return Status(Code::kInvalidArgument, "it answered something else");
}

}  // namespace Atoll
