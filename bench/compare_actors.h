#pragma once

// Actors started, and what an idle one takes.

#include <atoll/atoll.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "bench/compare_measure.h"
#include "bench/compare_processes.h"

namespace Atoll::Compare {

struct Idler {
  int pid() { return getpid(); }
};
ATOLL_ACTOR(Idler(), &Idler::pid);

using Idlers = std::vector<Atoll::Actor<Idler>>;

inline Atoll::Actor<Idler> make_idler() { return Atoll::actor<Idler>().cpus(0).create(); }

// Starts n at once and waits for the first answer of each: the process ids.
inline std::vector<int> start_idlers(Idlers& idlers, int n) {
  std::vector<Atoll::Ref<int>> pids;
  for (int i = 0; i < n; ++i) {
    idlers.push_back(make_idler());
    pids.push_back(idlers.back().call(&Idler::pid));
  }
  return Atoll::get(pids);
}
inline void end_idlers(Idlers& idlers) {
  for (const auto& idler : idlers) idler.kill();
  idlers.clear();
}

// Actors are made in batches of 50, and ended again outside of the time.
inline void actors_at_once(double seconds) {
  constexpr int kBatch = 50;
  double took = 0, made = 0;
  Idlers idlers;
  while (took < seconds) {
    took += time_of([&] { start_idlers(idlers, kBatch); });
    made += kBatch;
    end_idlers(idlers);
  }
  print("actors_at_once", made / took, kBatch);
}

// Each answers, and is told to end, before the next is made.
inline void actors_in_turn(double seconds) {
  print("actors_in_turn", rate_of(1, seconds, [] {
          Idlers idlers;
          start_idlers(idlers, 1);
          end_idlers(idlers);
        }));
}

// The median idle worker's memory, in MB: its share of what is shared, and what is its own.
inline void worker_memory(double) {
  Idlers idlers;
  std::vector<double> proportional, own;
  for (const int pid : start_idlers(idlers, 8)) {
    proportional.push_back(proportional_bytes(pid) / 1e6);
    own.push_back(private_bytes(pid) / 1e6);
  }
  end_idlers(idlers);
  std::sort(proportional.begin(), proportional.end());
  std::sort(own.begin(), own.end());
  print("worker_pss", proportional[4]);
  print("worker_private", own[4]);
}

// What each of 400 living actors adds to the head's memory: bytes. Made in batches: what the head keeps of its longest queue
// would count as theirs if they were made all at once.
inline void actor_bytes(double) {
  constexpr int kActors = 400;  // the pages of 100 would hide behind those that are half full
  Idlers idlers;
  start_idlers(idlers, 20);
  const pid_t head = find_daemons().head;
  const double before = resident_bytes(head);
  for (int made = 0; made < kActors; made += 16) start_idlers(idlers, 16);
  print("actor_bytes", (resident_bytes(head) - before) / kActors, kActors);
  end_idlers(idlers);
}

}  // namespace Atoll::Compare
