// What each rank of an Open MPI step was given, one line a rank; and a sum over all of them, to see that MPI works.

#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "config.h"

#ifdef HAVE_OMPI
#include <mpi.h>

namespace {

constexpr int kLine = 1024;

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "-" : value;
}

int cpus() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0, size = 0, sum = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  char host[64] = "", line[kLine] = "";
  gethostname(host, sizeof host - 1);
  std::snprintf(line, sizeof line, "rank %d %s gpus=%s ucx=%s nccl=%s nics=%s numa=%s threads=%s cpus=%d", rank, host,
                variable("CUDA_VISIBLE_DEVICES"), variable("UCX_NET_DEVICES"), variable("NCCL_IB_HCA"),
                variable("ATOLL_NICS"), variable("ATOLL_NUMA"), variable("OMP_NUM_THREADS"), cpus());
  std::vector<char> lines(rank == 0 ? static_cast<std::size_t>(size) * kLine : 0);
  MPI_Gather(line, kLine, MPI_CHAR, lines.data(), kLine, MPI_CHAR, 0, MPI_COMM_WORLD);
  for (int i = 0; rank == 0 && i < size; ++i) std::puts(&lines[static_cast<std::size_t>(i) * kLine]);
  if (rank == 0) std::printf("%d ranks, the sum is %s\n", size, sum == size * (size - 1) / 2 ? "right" : "wrong");
  MPI_Finalize();
  return 0;
}

#else

int main() {
  std::puts("built without Open MPI");
  return 77;
}

#endif
