// Round trips and the one-way rate between two processes on one machine, both
// spinning, through UcxTransport. bench/wire runs it beside ucx_perftest.
//
//   wire_bench SIZE ROUND_TRIPS MESSAGES    prints the round trip in us and the rate in messages/s

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/log.h"
#include "runtime/wire/ucx_transport.h"

namespace {

using namespace Atoll;

// Of so many messages one is answered; at most 16 times as many, and 16 MiB, are under way.
constexpr int kWindowsUnderWay = 16;
int window_of(std::size_t size) {
  return static_cast<int>(std::clamp((std::size_t{1} << 20) / (size + 1), std::size_t{1}, std::size_t{256}));
}
// The machine may have other work: what is told is the median of slices.
constexpr int kSlice = 10;  // round trips

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct End : TransportHandler {
  std::unique_ptr<UcxTransport> transport;
  bool is_echo = false;
  long received = 0;
  bool lost = false;

  void on_message(ProcessId from, std::string_view message) override {
    ++received;
    const bool reply = message.empty() || message[0] == 'p' || received % window_of(message.size()) == 0;
    if (is_echo && reply) (void)transport->send(from, std::string(message));
  }
  void on_lost(ProcessId, const Status&) override { lost = true; }
};

void open(End& end, ProcessId self, const Secret& secret) {
  auto transport = UcxTransport::create(self, secret, end);
  if (!transport.ok()) {
    std::fprintf(stderr, "wire_bench: %s\n", transport.status().to_string().c_str());
    std::exit(1);
  }
  end.transport = std::move(*transport);
}

// The clock is read every so often only, as a spinning loop of Atoll does.
void spin(End& end) {
  static int turns = 0;
  static Time time = now();
  if (++turns % 64 == 0) time = now();
  end.transport->progress(time);
}

[[noreturn]] void run_echo(const Secret& secret, ProcessId self, int out) {
  End end;
  end.is_echo = true;
  open(end, self, secret);
  const std::string& address = end.transport->address();
  if (write(out, address.data(), address.size()) < 0) std::exit(1);
  close(out);
  while (!end.lost) spin(end);
  end.transport.reset();
  std::_Exit(0);
}

void round_trip(End& end, ProcessId peer, const std::string& message) {
  const long before = end.received;
  (void)end.transport->send(peer, message);
  while (end.received == before) spin(end);
}

// Half of the round trips take less, in microseconds.
double round_trips(End& end, ProcessId peer, std::size_t size, int count) {
  const std::string message(size, 'p');
  for (int i = 0; i < count / 10 + 1; ++i) round_trip(end, peer, message);
  std::vector<double> slices;
  for (int done = 0; done < count; done += kSlice) {
    const Time start = now();
    for (int i = 0; i < kSlice; ++i) round_trip(end, peer, message);
    slices.push_back(seconds(now() - start) / kSlice * 1e6);
  }
  return median(std::move(slices));
}

double one_way_rate(End& end, ProcessId peer, std::size_t size, long count) {
  const std::string message(size, 's');
  const int in_window = window_of(size);
  const long before = end.received;
  const long windows = count / in_window + 1;
  const long slice = std::max(1L, windows / 20);
  std::vector<double> slices;
  Time start = now();
  for (long window = 0; window < windows; ++window) {
    for (int i = 0; i < in_window; ++i) {
      (void)end.transport->send(peer, message);
      if (i % 16 == 0) spin(end);
    }
    while (end.received - before + kWindowsUnderWay < window) spin(end);
    if (window % slice != slice - 1) continue;
    const Time time = now();
    slices.push_back(static_cast<double>(slice * in_window) / seconds(time - start));
    start = time;
  }
  while (end.received - before < windows) spin(end);
  return median(std::move(slices));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: wire_bench SIZE ROUND_TRIPS MESSAGES\n");
    return 2;
  }
  const std::size_t size = std::strtoull(argv[1], nullptr, 10);
  const Secret secret = Secret::random();
  const ProcessId echo = random_process_id();
  int ends[2];
  if (pipe(ends) != 0) return 1;
  const pid_t child = fork();  // before UCX starts
  if (child == 0) run_echo(secret, echo, ends[1]);
  close(ends[1]);
  std::string address;
  char chunk[4096];
  for (ssize_t n; (n = read(ends[0], chunk, sizeof chunk)) > 0;) address.append(chunk, static_cast<std::size_t>(n));

  End end;
  open(end, random_process_id(), secret);
  end.transport->learn(echo, address);
  std::printf("%.3f %.0f\n", round_trips(end, echo, size, std::atoi(argv[2])),
              one_way_rate(end, echo, size, std::atol(argv[3])));
  end.transport.reset();
  waitpid(child, nullptr, 0);
  return 0;
}
