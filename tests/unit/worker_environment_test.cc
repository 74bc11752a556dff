#include "runtime/wire/worker_environment.h"

#include <doctest/doctest.h>

#include "runtime/wire/worker_start.h"

namespace Atoll {

TEST_CASE("a worker has the driver's variables over the node's own") {
  const Environment daemon{{"HOME", "/home/u"}, {"PATH", "/bin"}, {"TMPDIR", "/local"}, {"SLURM_NODEID", "3"}};
  const Environment worker = worker_environment(daemon, {"PATH=/opt/bin", "MODEL=big", "TMPDIR=/elsewhere", "SLURM_NODEID=0"});
  CHECK(worker == Environment{{"HOME", "/home/u"}, {"PATH", "/opt/bin"}, {"MODEL", "big"}, {"TMPDIR", "/local"}, {"SLURM_NODEID", "3"}});
}

TEST_CASE("what belongs to the daemon's job step stays out, so that an srun inside is a fresh one") {
  const Environment daemon{{"SLURM_JOB_ID", "7"},   {"SLURM_STEP_ID", "0"},       {"SLURM_PROCID", "1"},
                           {"PMIX_RANK", "1"},      {"SLURM_CPU_BIND", "none"},  {"OMPI_MCA_x", "1"},
                           {"ATOLL_SECRET", "hex"}, {"CUDA_VISIBLE_DEVICES", "0"}, {"SLURM_TASKS_PER_NODE", "1"}};
  CHECK(worker_environment(daemon, {}) == Environment{{"SLURM_JOB_ID", "7"}});
}

TEST_CASE("a driver sends its variables, but not its node's or its step's") {
  const std::vector<std::string> sent =
      driver_environment({{"MODEL", "big"}, {"HOSTNAME", "n1"}, {"ATOLL_SESSION", "/tmp/x"}, {"SLURM_STEP_ID", "1"}});
  CHECK(sent == std::vector<std::string>{"MODEL=big"});
}

TEST_CASE("the CUDA runtime that a program is to load is the same in its workers") {
  const std::vector<std::string> sent = driver_environment({{"ATOLL_CUDART", "/opt/libcudart.so.13"}, {"ATOLL_SECRET", "hex"}});
  CHECK(sent == std::vector<std::string>{"ATOLL_CUDART=/opt/libcudart.so.13"});
  CHECK(worker_environment({}, sent) == Environment{{"ATOLL_CUDART", "/opt/libcudart.so.13"}});
}

TEST_CASE("what a daemon tells a worker survives its way through the environment") {
  WorkerStart start;
  start.self = {ProcessId(5), NodeId(2), ""};
  start.head = {ProcessId(6), NodeId(0), std::string("\0\xff", 2)};
  start.build_id = "abc";
  start.binding.node = "n3";
  start.binding.gpus = {{4, "GPU-4", "H100", 1, {"mlx5_0"}}};
  start.binding.cpus = {0, 2};
  const Result<WorkerStart> told = decode_worker_start(encode_worker_start(start));
  REQUIRE(told.ok());
  CHECK(told->head == start.head);
  CHECK(told->self == start.self);
  CHECK(told->binding.gpus[0].uuid == "GPU-4");
  CHECK(told->binding.cpus == std::vector<std::int32_t>{0, 2});
  CHECK(!decode_worker_start("no base64!").ok());
  CHECK(!decode_worker_start("AAAA").ok());
}

}  // namespace Atoll
