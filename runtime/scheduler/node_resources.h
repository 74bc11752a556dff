#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "runtime/base/fixed.h"
#include "runtime/base/resources.h"
#include "runtime/base/status.h"

namespace Atoll {

// What a node has, or what of it is free: the one place where the rules of
// DESIGN §4 "Resources" are written.
//
//   - CPU, memory and custom resources are pools: all of the request or nothing.
//   - A request of at most one GPU comes from one device, best fit: the fullest
//     that still has it, the lowest index among equals.
//   - Whole GPUs come from completely free devices only (a free part of 1); which
//     of them, a GpuPicker says.
//   - A request of nothing always fits.
struct NodeResources {
  Resources amounts = {};        // amounts.gpu is the sum of `gpus`
  std::vector<Fixed> gpus = {};  // the capacity, or the free part (0 to 1), of each device by its index on the node

  friend bool operator==(const NodeResources&, const NodeResources&) = default;
};

// A node with `amounts` and as many whole GPUs as amounts.gpu says, which is whole.
NodeResources node_of(Resources amounts);

// Whether `node`, which came from outside, keeps what NodeResources promises.
Status check_node(const NodeResources& node);

// A part of one device.
struct GpuShare {
  int gpu = 0;  // index on the node
  Fixed part;   // above 0, at most 1

  friend bool operator==(const GpuShare&, const GpuShare&) = default;
};

// What a request got.
struct Grant {
  using Share = GpuShare;

  Resources amounts = {};        // the request
  std::vector<Share> gpus = {};  // in the picker's order
  std::uint64_t number = 0;      // by which its ledger knows it; 0 is none
  Fixed lent = {};               // CPUs of the request that are not in `amounts` while others may have them

  friend bool operator==(const Grant&, const Grant&) = default;
};

// Chooses k of the completely free devices `free` (ascending), k from 1 to
// free.size(): a list of k different members of it, in the order in which they
// shall be used. topology's pick is plugged in here.
using GpuPicker = std::function<std::vector<int>(const std::vector<int>& free, int k)>;

// The k lowest indices.
std::vector<int> pick_lowest(const std::vector<int>& free, int k);

// Whether `free` has `request`. False if the request is not well formed. Takes
// time linear in the node's devices and the request's custom resources.
bool fits(const NodeResources& free, const Resources& request);

// How many times `free` has `request`, at most `limit` (>= 0): exact, in the
// time of fits().
int count_fitting(const NodeResources& free, const Resources& request, int limit);

// The devices that `request` gets out of `free`; none if it does not fit.
std::optional<std::vector<GpuShare>> choose_gpus(const NodeResources& free, const Resources& request,
                                                 const GpuPicker& picker);

// Whether `free` has exactly these parts of its devices, each named once, and they are what a request of `gpu` may
// have.
bool has_shares(const NodeResources& free, Fixed gpu, const std::vector<GpuShare>& shares);

// Takes `amounts` with exactly these devices' parts out of `free`, or puts them
// back. That they are there, and that the parts sum to amounts.gpu, is checked.
void take(NodeResources& free, const Resources& amounts, const std::vector<GpuShare>& gpus);
void put_back(NodeResources& free, const Resources& amounts, const std::vector<GpuShare>& gpus);

// Takes `request` out of `free`, the lowest whole GPUs. Returns false, and takes
// nothing, if it does not fit. Which whole GPUs are taken changes only which
// device has which free part, not how many have it: later answers of fits() do
// not depend on the picker.
bool take(NodeResources& free, const Resources& request);

// What `grant` is worth as a node of its own, for leases inside a bundle: its
// amounts and its parts of the node's `devices`, by the same indices.
NodeResources node_of(const Grant& grant, int devices);

}  // namespace Atoll
