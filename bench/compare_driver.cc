// Atoll's side of bench/compare; a driver.
//
//   compare_driver SECONDS NAME...     SECONDS for each of what is named
//
// Prints "NAME VALUE [COUNT]" a line; the names and units are those of bench/peers/rows.py.

#include <atoll/atoll.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "bench/compare_actors.h"
#include "bench/compare_calls.h"
#include "bench/compare_coroutines.h"
#include "bench/compare_objects.h"
#include "bench/compare_queue.h"

int main(int argc, char** argv) {
  using namespace Atoll::Compare;
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::map<std::string, void (*)(double)> all = {
      {"task_sync", task_sync},
      {"task_async", task_async},
      {"task_clients", task_clients},
      {"task_batch", task_batch},
      {"actor_sync", actor_sync},
      {"actor_trip", actor_trip},
      {"actor_async", actor_async},
      {"actor_1_n", actor_1_n},
      {"actor_n_n", actor_n_n},
      {"actor_n_n_arg", actor_n_n_arg},
      {"actor_concurrent", actor_concurrent},
      {"async_sync", async_sync},
      {"async_async", async_async},
      {"async_args", async_args},
      {"async_1_n", async_1_n},
      {"async_n_n", async_n_n},
      {"put_small", put_small},
      {"get_small", get_small},
      {"put_large", put_large},
      {"get_large", get_large},
      {"put_clients", put_clients},
      {"put_large_clients", put_large_clients},
      {"arg_large", arg_large},
      {"get_10k_objects", get_10k_objects},
      {"get_10k_refs", get_10k_refs},
      {"wait_1k", wait_1k},
      {"groups", groups},
      {"queue_10k", queue_10k},
      {"queue_1m", queue_1m},
      {"queue_bytes", queue_bytes},
      {"args_10k", args_10k},
      {"results_3k", results_3k},
      {"processes", processes},
      {"actors_at_once", actors_at_once},
      {"actors_in_turn", actors_in_turn},
      {"worker_memory", worker_memory},
      {"actor_bytes", actor_bytes},
  };
  if (argc < 3) {
    std::fprintf(stderr, "usage: compare_driver SECONDS NAME...\n");
    return 2;
  }
  for (int i = 2; i < argc; ++i) {
    const auto found = all.find(argv[i]);
    if (found == all.end()) {
      std::fprintf(stderr, "compare_driver: there is no measurement '%s'\n", argv[i]);
      return 2;
    }
    found->second(std::atof(argv[1]));
  }
}
