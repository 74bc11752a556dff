#include "runtime/objects/arena_door.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "runtime/base/log.h"
#include "runtime/base/socket_name.h"

namespace Atoll {
namespace {

struct DescriptorRoom {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

void send_descriptor(int socket, int fd) {
  char word = 'a';
  iovec text{&word, 1};
  DescriptorRoom room;
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = room.bytes.data();
  message.msg_controllen = room.bytes.size();
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
  if (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) log::warn("handing out object memory: {}", std::strerror(errno));
}

Fd receive_descriptor(int socket) {
  char word = 0;
  iovec text{&word, 1};
  DescriptorRoom room;
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = room.bytes.data();
  message.msg_controllen = room.bytes.size();
  if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) < 1) return Fd();
  const cmsghdr* head = CMSG_FIRSTHDR(&message);
  if (head == nullptr || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof(int)))
    return Fd();
  int fd;
  std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
  return Fd(fd);
}

Fd packet_socket(int flags) { return Fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0)); }

}  // namespace

// ------------------------------------------------------------------ the daemon's

Status ArenaDoor::open(const std::string& path) {
  const Result<SocketName> name = SocketName::of(path);
  if (!name.ok()) return name.status();
  listener_ = packet_socket(SOCK_NONBLOCK);
  if (!listener_.valid()) return errno_status("a Unix socket", errno);
  if (::bind(listener_.get(), name->get(), sizeof name->address) != 0 || ::listen(listener_.get(), 128) != 0)
    return errno_status(path, errno);
  path_ = path;
  return loop_.add(listener_.get(), [this] { admit(); });
}

ArenaDoor::~ArenaDoor() {
  while (!visitors_.empty()) leave(visitors_.begin());
  if (listener_.valid()) loop_.remove(listener_.get());
}

void ArenaDoor::admit() {
  Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.valid()) return;
  if (visitors_.size() >= kMostVisitors) leave(visitors_.begin());
  visitors_.push_back({std::move(socket), Hello::accepting(secret_, self_)});
  const auto visitor = std::prev(visitors_.end());
  if (!loop_.add(visitor->socket.get(), [this, visitor] { hear(visitor); }).ok()) visitors_.erase(visitor);
}

void ArenaDoor::hear(Visitors::iterator visitor) {
  char word[kHelloBytes + 1];
  const ssize_t n = ::recv(visitor->socket.get(), word, sizeof word, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return leave(visitor);
  const Result<std::string> answer = visitor->hello.receive({word, static_cast<std::size_t>(n)});
  if (!answer.ok()) {
    log::warn("a process that wanted object memory was refused: {}", answer.status().message());
    return leave(visitor);
  }
  if (!answer->empty() && ::send(visitor->socket.get(), answer->data(), answer->size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    return leave(visitor);
  if (!visitor->hello.done()) return;
  send_descriptor(visitor->socket.get(), arena_);
  leave(visitor);
}

void ArenaDoor::leave(Visitors::iterator visitor) {
  loop_.remove(visitor->socket.get());
  visitors_.erase(visitor);
}

// ------------------------------------------------------------------ its visitors'

Result<Fd> get_arena(const std::string& path, const Secret& secret, ProcessId self, ProcessId keeper, int limit_ms) {
  const Result<SocketName> name = SocketName::of(path);
  if (!name.ok()) return name.status();
  const Fd socket = packet_socket(0);
  if (!socket.valid()) return errno_status("a Unix socket", errno);
  if (::connect(socket.get(), name->get(), sizeof name->address) != 0) return errno_status(path, errno);
  Hello hello = Hello::connecting(secret, self, keeper);
  std::string word = hello.offer();
  pollfd waited{socket.get(), POLLIN, 0};
  while (true) {
    if (::send(socket.get(), word.data(), word.size(), MSG_NOSIGNAL) < 0) return errno_status(path, errno);
    if (::poll(&waited, 1, limit_ms) <= 0) return Status(Code::kTimedOut, path + ": no answer");
    if (hello.done()) break;
    char answer[kHelloBytes + 1];
    const ssize_t n = ::recv(socket.get(), answer, sizeof answer, 0);
    if (n <= 0) return Status(Code::kUnavailable, path + ": the connection was closed");
    Result<std::string> reply = hello.receive({answer, static_cast<std::size_t>(n)});
    if (!reply.ok()) return reply.status().prefixed(path);
    word = std::move(*reply);
  }
  Fd arena = receive_descriptor(socket.get());
  if (!arena.valid()) return Status(Code::kUnavailable, path + ": no descriptor came");
  return arena;
}

}  // namespace Atoll
