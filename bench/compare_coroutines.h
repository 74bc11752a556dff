#pragma once

// Calls that run at one time in one actor, in threads or as coroutines; the shapes of Ray's own microbenchmark
// (ray/_private/ray_perf.py).

#include <atoll/atoll.h>

#include <string>
#include <vector>

#include "bench/compare_calls.h"
#include "bench/compare_measure.h"

namespace Atoll::Compare {

struct AsyncServer {
  Atoll::Async<std::string> small_value() { co_return "ok"; }
  Atoll::Async<std::string> small_value_arg(int) { co_return "ok"; }
};
ATOLL_ACTOR(AsyncServer(), &AsyncServer::small_value, &AsyncServer::small_value_arg);

using AsyncServers = std::vector<Atoll::Actor<AsyncServer>>;

// Calls the servers in turn, n times in all.
inline void call_async_in_turn(AsyncServers servers, int n) {
  get_many(n, [&, next = std::size_t{0}]() mutable { return servers[next++ % servers.size()].call(&AsyncServer::small_value); });
}
ATOLL_TASK(call_async_in_turn);

inline AsyncServers make_async_servers(int n) {
  AsyncServers servers;
  for (int i = 0; i < n; ++i) servers.push_back(Atoll::actor<AsyncServer>().cpus(0).create());
  return servers;
}

inline void actor_concurrent(double seconds) {
  const auto server = Atoll::actor<Server>().cpus(0).max_concurrency(16).create();
  print("actor_concurrent", rate_of(1000, seconds, [&] { get_many(1000, [&] { return server.call(&Server::small_value); }); }));
  server.kill();
}

inline void async_sync(double seconds) {
  const AsyncServers one = make_async_servers(1);
  print("async_sync", rate_of(1, seconds, [&] { one[0].call(&AsyncServer::small_value).get(); }));
  kill_all(one);
}
inline void async_async(double seconds) {
  const AsyncServers one = make_async_servers(1);
  print("async_async",
        rate_of(1000, seconds, [&] { get_many(1000, [&] { return one[0].call(&AsyncServer::small_value); }); }));
  kill_all(one);
}
inline void async_args(double seconds) {
  const AsyncServers one = make_async_servers(1);
  print("async_args", rate_of(1000, seconds, [&] {
          get_many(1000, [&, i = 0]() mutable { return one[0].call(&AsyncServer::small_value_arg, i++); });
        }));
  kill_all(one);
}
inline void async_1_n(double seconds) {
  const AsyncServers servers = make_async_servers(kServers);
  measure_clients("async_1_n", kServers, 500, 5000, seconds,
                  [&](int n) { Atoll::task(call_async_in_turn).cpus(0).submit(servers, n * kServers).get(); });
  kill_all(servers);
}
inline void async_n_n(double seconds) {
  const AsyncServers servers = make_async_servers(kServers);
  measure_clients("async_n_n", 4, 500, 5000, seconds, [&](int n) {
    std::vector<Atoll::Ref<void>> all;
    for (int i = 0; i < 4; ++i) all.push_back(Atoll::task(call_async_in_turn).submit(servers, n));
    wait_for_all(all);
  });
  kill_all(servers);
}

}  // namespace Atoll::Compare
