#include "runtime/wire/fork_channel.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace Atoll {
namespace {

struct Channel {
  Fd daemon, warm;
  Channel() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    daemon.reset(ends[0]);
    warm.reset(ends[1]);
  }
};

Fd file() { return Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

ForkRequest request_of(std::string start) { return {std::move(start), file(), file(), file()}; }

}  // namespace

TEST_CASE("a request to fork comes whole, with descriptors that an exec closes") {
  const Channel channel;
  const std::string start(20'000, 'x');
  REQUIRE(send_request(channel.daemon.get(), request_of(start)).ok());
  const auto request = receive_request(channel.warm.get());
  REQUIRE(request.ok());
  REQUIRE(request->has_value());
  CHECK((*request)->start == start);
  for (const Fd* fd : {&(*request)->secret, &(*request)->out, &(*request)->err})
    CHECK(fcntl(fd->get(), F_GETFD) == FD_CLOEXEC);
}

TEST_CASE("a closed channel is no request") {
  Channel channel;
  channel.daemon.reset();
  const auto request = receive_request(channel.warm.get());
  REQUIRE(request.ok());
  CHECK_FALSE(request->has_value());
}

TEST_CASE("a request without descriptors, or too long a one, is refused") {
  const Channel channel;
  REQUIRE(send(channel.daemon.get(), "start", 5, 0) == 5);
  CHECK(receive_request(channel.warm.get()).status().code() == Code::kInvalidArgument);
  CHECK(send_request(channel.daemon.get(), request_of(std::string(70'000, 'x'))).code() == Code::kInvalidArgument);
}

TEST_CASE("an answer to a request to fork is what was answered") {
  const Channel channel;
  for (const ForkAnswer& said : {ForkAnswer(Warm{}), ForkAnswer(Unfit{"it has 3 threads"}), ForkAnswer(Forked{4711})}) {
    REQUIRE(send_answer(channel.warm.get(), said).ok());
    const Result<ForkAnswer> heard = receive_answer(channel.daemon.get(), 0);
    REQUIRE(heard.ok());
    CHECK(heard->index() == said.index());
    if (const auto* unfit = std::get_if<Unfit>(&*heard)) CHECK(unfit->why == "it has 3 threads");
    if (const auto* forked = std::get_if<Forked>(&*heard)) CHECK(forked->pid == 4711);
  }
}

TEST_CASE("no answer, a malformed one and a closed channel are told apart") {
  Channel channel;
  CHECK(receive_answer(channel.daemon.get(), 0).status().code() == Code::kTimedOut);
  for (const std::string said : {"f", "f-1", "fx", "?"}) {
    CAPTURE(said);
    REQUIRE(send(channel.warm.get(), said.data(), said.size(), 0) == static_cast<ssize_t>(said.size()));
    CHECK(receive_answer(channel.daemon.get(), 0).status().code() == Code::kInvalidArgument);
  }
  channel.warm.reset();
  CHECK(receive_answer(channel.daemon.get(), 0).status().code() == Code::kUnavailable);
}

}  // namespace Atoll
