#pragma once

// Tasks and actor calls, in the shapes of Ray's own microbenchmark (ray/_private/ray_perf.py): each returns two bytes,
// actors need no CPU, tasks one; "sync" waits for each before the next, "async" asks for 1,000 and gets them all.

#include <atoll/atoll.h>

#include <string>
#include <vector>

#include "bench/compare_measure.h"

namespace Atoll::Compare {

using Text = Atoll::Ref<std::string>;

inline std::string small_value() { return "ok"; }
ATOLL_TASK(small_value);

template <typename Submit>
void get_many(int n, Submit submit) {
  std::vector<Text> refs;
  refs.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) refs.push_back(submit());
  Atoll::get(refs);
}

inline Text submit_small() { return Atoll::task(small_value).submit(); }

struct Server {
  std::string small_value() { return "ok"; }
  std::string small_value_arg(int) { return "ok"; }
  void small_tasks(int n) { get_many(n, submit_small); }
};
ATOLL_ACTOR(Server(), &Server::small_value, &Server::small_value_arg, &Server::small_tasks);

using Servers = std::vector<Atoll::Actor<Server>>;

// Calls each of its servers n times, then gets all.
struct Client {
  explicit Client(Servers given) : servers(std::move(given)) {}
  void small_values(int n) {
    std::vector<Text> refs;
    for (const auto& server : servers)
      for (int i = 0; i < n; ++i) refs.push_back(server.call(&Server::small_value));
    Atoll::get(refs);
  }
  void small_values_arg(int n) {
    const Atoll::Ref<int> argument = Atoll::put(0);
    std::vector<Text> refs;
    for (const auto& server : servers)
      for (int i = 0; i < n; ++i) refs.push_back(server.call(&Server::small_value_arg, argument));
    Atoll::get(refs);
  }
  Servers servers;
};
ATOLL_ACTOR(Client(Servers), &Client::small_values, &Client::small_values_arg);

// Calls the servers in turn, n times in all.
inline void call_in_turn(Servers servers, int n) {
  std::vector<Text> refs;
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i)
    refs.push_back(servers[i % servers.size()].call(&Server::small_value));
  Atoll::get(refs);
}
ATOLL_TASK(call_in_turn);

inline Servers make_servers(int n) {
  Servers servers;
  for (int i = 0; i < n; ++i) servers.push_back(Atoll::actor<Server>().cpus(0).create());
  return servers;
}

// They are gone before the next shape is measured, as Ray's are that nobody refers to any more.
template <typename Actors>
void kill_all(const Actors& actors) {
  for (const auto& actor : actors) actor.kill();
}

template <typename Result>
void wait_for_all(const std::vector<Atoll::Ref<Result>>& refs) {
  for (const auto& ref : refs) ref.get();
}

// The number of servers in 1:n and n:n: in Ray's own half the CPUs, which would be one here.
constexpr int kServers = 2;

inline void task_sync(double seconds) {
  print("task_sync", rate_of(1, seconds, [] { submit_small().get(); }));
}
inline void task_async(double seconds) {
  print("task_async", rate_of(1000, seconds, [] { get_many(1000, submit_small); }));
}
inline void task_batch(double seconds) {
  print("task_batch", rate_of(1, seconds, [] { get_many(1000, submit_small); }));
}
inline void task_clients(double seconds) {
  const Servers clients = make_servers(4);
  measure_clients("task_clients", 4, 1000, 10'000, seconds, [&](int n) {
    std::vector<Atoll::Ref<void>> all;
    for (const auto& client : clients) all.push_back(client.call(&Server::small_tasks, n));
    wait_for_all(all);
  });
  kill_all(clients);
}

inline void actor_sync(double seconds) {
  const Servers one = make_servers(1);
  print("actor_sync", rate_of(1, seconds, [&] { one[0].call(&Server::small_value).get(); }));
  kill_all(one);
}
inline void actor_trip(double seconds) {
  const Servers one = make_servers(1);
  print("actor_trip", median_microseconds(seconds, [&] { one[0].call(&Server::small_value).get(); }));
  kill_all(one);
}
inline void actor_async(double seconds) {
  const Servers one = make_servers(1);
  print("actor_async",
        rate_of(1000, seconds, [&] { get_many(1000, [&] { return one[0].call(&Server::small_value); }); }));
  kill_all(one);
}
inline void actor_1_n(double seconds) {
  const Servers servers = make_servers(kServers);
  const auto client = Atoll::actor<Client>().cpus(0).create(servers);
  measure_clients("actor_1_n", kServers, 500, 5000, seconds,
                  [&](int n) { client.call(&Client::small_values, n).get(); });
  client.kill();
  kill_all(servers);
}
inline void actor_n_n(double seconds) {
  const Servers servers = make_servers(kServers);
  measure_clients("actor_n_n", 4, 500, 5000, seconds, [&](int n) {
    std::vector<Atoll::Ref<void>> all;
    for (int i = 0; i < 4; ++i) all.push_back(Atoll::task(call_in_turn).submit(servers, n));
    wait_for_all(all);
  });
  kill_all(servers);
}
inline void actor_n_n_arg(double seconds) {
  const Servers servers = make_servers(kServers);
  std::vector<Atoll::Actor<Client>> clients;
  for (const auto& server : servers) clients.push_back(Atoll::actor<Client>().cpus(0).create(Servers{server}));
  measure_clients("actor_n_n_arg", kServers, 200, 1000, seconds, [&](int n) {
    std::vector<Atoll::Ref<void>> all;
    for (const auto& client : clients) all.push_back(client.call(&Client::small_values_arg, n));
    wait_for_all(all);
  });
  kill_all(clients);
  kill_all(servers);
}

}  // namespace Atoll::Compare
