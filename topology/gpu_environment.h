#pragma once

#include <vector>

#include "runtime/base/environment.h"
#include "topology/machine.h"

namespace Atoll {

// The variables by which a worker sees `gpus` of the machine and no others, in this order.
//
// NVIDIA: CUDA_VISIBLE_DEVICES has the UUIDs, or the indices if any of them has no UUID; empty without GPUs.
// CUDA_DEVICE_ORDER is PCI_BUS_ID. AMD: ROCR_VISIBLE_DEVICES has the indices; HIP counts what that leaves, so
// HIP_VISIBLE_DEVICES is 0, 1 and so on. So is CUDA_VISIBLE_DEVICES, which HIP obeys too, unless there are GPUs of both
// makers. Where the machine has AMD GPUs and the worker none, both hide them all. (Source: ROCm, "GPU isolation
// techniques".)
Environment visible_gpus(const Machine& machine, const std::vector<GpuInfo>& gpus);

// The variables that tell a worker its nearest NICs: those of each GPU, nearest first, each NIC once.
//
// ATOLL_NICS: their names, "mlx5_0,mlx5_1"; empty if unknown. On a machine that is not synthetic, and only where NICs
// are known, also:
// NCCL_IB_HCA: "=mlx5_0,mlx5_1", exactly these; of those with a verbs device, which Slingshot's have not.
// ATOLL_NET_DEVICES: the same as UCX names them, "mlx5_0:1" with the port, "hsi0" without. It is what UCX_NET_DEVICES
// is
//   to be for a UCX or MPI that should use these NICs only. UCX_NET_DEVICES itself is left alone: it is a list of what
//   is allowed, not of what is preferred, and the worker's own connections to its node and head run over UCX too. They
//   must keep eth0 and shared memory's peers wherever these NICs cannot reach: rails that are not joined, a head
//   without them.
// What `set` has already is the user's, and left out.
Environment nic_hints(const Machine& machine, const std::vector<GpuInfo>& gpus, const Environment& set);

}  // namespace Atoll
