#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/wire/memory_transport.h"
#include "runtime/wire/ucx_transport.h"

namespace Atoll {

// The owner of one transport, which writes down what it is told.
struct TestProcess : TransportHandler {
  ProcessId id = random_process_id();
  std::unique_ptr<Transport> transport;
  std::vector<std::pair<ProcessId, std::string>> messages;
  std::vector<std::pair<ProcessId, Status>> losses;
  std::function<Place(ProcessId, std::string_view, std::size_t)> place_for_do;
  std::function<void(ProcessId, std::string_view)> on_message_do;
  std::function<void(ProcessId, const Status&)> on_lost_do;

  void on_message(ProcessId from, std::string_view message) override {
    messages.emplace_back(from, message);
    if (on_message_do) on_message_do(from, message);
  }
  Place place_for(ProcessId from, std::string_view message, std::size_t bytes) override {
    return place_for_do ? place_for_do(from, message, bytes) : Place();
  }
  void on_lost(ProcessId peer, const Status& why) override {
    losses.emplace_back(peer, why);
    if (on_lost_do) on_lost_do(peer, why);
  }
  void knows(const TestProcess& other) { transport->learn(other.id, other.transport->address()); }
  Status send(const TestProcess& to, std::string message) { return transport->send(to.id, std::move(message)); }
  std::string said(std::size_t index) const { return index < messages.size() ? messages[index].second : "nothing"; }
};

// UCX_TLS for what is made in its scope.
struct OnlyTransports {
  explicit OnlyTransports(const char* names) { setenv("UCX_TLS", names, 1); }
  ~OnlyTransports() { unsetenv("UCX_TLS"); }
};

// Several processes in one, over UCX.
struct UcxWorld {
  Secret secret = Secret::random();
  std::vector<std::unique_ptr<TestProcess>> processes;
  Duration ahead{0};
  std::optional<Time> stopped;
  const TestProcess* frozen = nullptr;

  ~UcxWorld() {
    for (auto& process : processes) process->transport.reset();
  }
  TestProcess& add() { return add(secret); }
  TestProcess& add(const Secret& its_secret, std::size_t tcp_window = 0) {
    processes.push_back(std::make_unique<TestProcess>());
    TestProcess& process = *processes.back();
    UcxTransport::Options options;
    options.tcp_window = tcp_window;
    options.linger = std::chrono::milliseconds(20);  // nobody runs the others while one is destroyed
    auto transport = UcxTransport::create(process.id, its_secret, process, options);
    REQUIRE_MESSAGE(transport.ok(), transport.status().to_string());
    process.transport = std::move(*transport);
    return process;
  }
  void turn() {
    for (auto& process : processes)
      if (process->transport && process.get() != frozen) process->transport->progress(stopped.value_or(now()) + ahead);
  }
  // From now on time passes by skip() alone.
  void stop_clock() { stopped = now(); }
  // Stops `process`, as a debugger does.
  void freeze(TestProcess& process) { frozen = &process; }
  void thaw() { frozen = nullptr; }
  bool run_until(const std::function<bool()>& done) {
    const Time end = now() + std::chrono::seconds(10);
    while (!done()) {
      if (now() > end) return false;
      turn();
    }
    return true;
  }
  // Lets `time` pass for all.
  void skip(Duration time) {
    for (Duration passed{0}; passed < time; passed += std::chrono::milliseconds(100)) {
      ahead += std::chrono::milliseconds(100);
      for (int i = 0; i < 20; ++i) turn();
    }
  }
  // What was lost is known by now.
  void settle() {
    for (int i = 0; i < 2000; ++i) turn();
  }
};

// The same in a simulated network.
struct MemoryWorld {
  Secret secret = Secret::random();
  MemoryNetwork network{1};
  std::vector<std::unique_ptr<TestProcess>> processes;
  const TestProcess* frozen = nullptr;

  TestProcess& add() { return add(secret); }
  TestProcess& add(const Secret& its_secret) {
    processes.push_back(std::make_unique<TestProcess>());
    TestProcess& process = *processes.back();
    process.transport = network.add(process.id, its_secret, process);
    return process;
  }
  void turn() { skip(std::chrono::microseconds(50)); }
  bool run_until(const std::function<bool()>& done) {
    while (!done()) {
      const std::optional<Time> next = network.next_event();
      if (!next) return false;
      network.advance_to(*next);
    }
    return true;
  }
  void skip(Duration time) { network.advance_to(network.now() + time); }
  void settle() { skip(std::chrono::milliseconds(100)); }
  void freeze(TestProcess& process) {
    frozen = &process;
    network.isolate(process.id, MemoryNetwork::Notice::kSilent);
  }
  void thaw() { network.rejoin(frozen->id); }
};

}  // namespace Atoll
