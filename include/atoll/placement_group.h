#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <atoll/codec.h>
#include <atoll/error.h>
#include <atoll/ref.h>

namespace Atoll {

// How the bundles of a group spread over nodes.
enum class PlacementStrategy {
  kPack,          // as few nodes as possible, best effort
  kSpread,        // as many nodes as possible, best effort
  kStrictPack,    // one node, and the fewest NVLink islands any node allows
  kStrictSpread,  // a node of its own each
};

// What all bundles of a group, or of each of its segments, must have in common.
enum class PlacementLevel {
  kIsland,   // GPUs that NVLink, NVSwitch or XGMI joins
  kNode,
  kFabric,   // an NVLink fabric across nodes (NVL72)
  kSwitch,   // a leaf switch or block of Slurm's topology
  kCluster,
};

// What happens when a node of the group is lost.
enum class OnNodeLoss {
  kMoveLostBundles,  // those are placed anew, the others go on
  kMoveAllBundles,   // whoever works in the group is ended, and all of it is placed anew
};

struct GroupOptions {
  PlacementStrategy strategy = PlacementStrategy::kPack;
  PlacementLevel within = PlacementLevel::kCluster;
  int segment = 0;        // nodes: the group is cut into pieces of so many, each inside one `within`; 0: one piece
  std::string name = {};  // by which find_placement_group() finds it; belongs to one group of the cluster
  bool detached = false;  // it outlives the process that made it, until remove()
  OnNodeLoss on_node_loss = OnNodeLoss::kMoveLostBundles;
  // Of every node that is used: "zone" to "a", "!a", "in(a,b)" or "!in(a,b)".
  std::map<std::string, std::string> labels = {};
};

// Where one bundle is.
struct BundleView {
  int index = 0;     // its rank in the group
  std::string node;  // empty: it has no place now
  struct GpuPart {
    int index = 0;  // as Slurm and the driver number it on the node
    std::string uuid;
    double part = 1;
    int island = -1;  // on the node, from 0
  };
  std::vector<GpuPart> gpus;  // in ring order
  std::vector<int> numa;      // nodes of its GPUs
  std::vector<int> cpus;      // beside its GPUs, of those granted; empty: not bound
  std::vector<std::string> nics;  // the nearest, nearest first
};

enum class GroupStanding { kPending, kCreated, kRescheduling, kInfeasible, kRemoved };

// The state of a group as the cluster's head has it.
struct GroupTableView {
  std::string name;
  GroupStanding state = GroupStanding::kPending;
  std::vector<BundleView> bundles;  // by index; empty before it was created
  std::string why;                  // it is not created: one sentence, in counts
};

// Resources reserved together: an ordered list of bundles. A bundle's index is its rank: bundles that ask alike stand
// in the order of nodes and, inside a node, along the ring of links between their GPUs. A handle is a small value, can
// be passed to tasks and actors, and any thread may use it. The group ends with remove(), or with the process that made
// it unless it is detached; whoever works in it is ended.
//
//   PlacementGroup group = placement_group(std::vector<Needs>(8, Needs{.cpus = 1, .gpus = 1}), {.strategy = kStrictPack});
//   group.ready().get();
//   Actor<Trainer> first = actor<Trainer>().gpus(1).in(group, 0).create();
class PlacementGroup {
 public:
  PlacementGroup() = default;
  explicit PlacementGroup(internal::Key key, internal::Handle ready = nullptr)
      : key_(key), ready_(std::move(ready)) {}

  // Ready once all of it was placed. Throws InfeasibleError (it can never be) or GroupRemovedError instead.
  Ref<void> ready() const;
  // Whether it was placed before `timeout` had passed. Throws as ready() does.
  template <typename Rep, typename Period>
  bool wait(std::chrono::duration<Rep, Period> timeout) const {
    try {
      ready().get(timeout);
      return true;
    } catch (const TimeoutError&) {
      return false;
    }
  }
  // Asks the head. Throws ClusterLostError if it does not answer within 10 s.
  GroupTableView table() const;
  // Gives its resources back; tasks and actors in it are ended. Returns at once.
  void remove() const;

  const internal::Key& key() const { return key_; }

 private:
  internal::Key key_;
  internal::Handle ready_;  // in the process that made it
};

// Asks for a group and returns at once. Throws Error for bundles that are not well formed.
PlacementGroup placement_group(const std::vector<Needs>& bundles, const GroupOptions& options = {});

// The group with this name. Throws GroupRemovedError if there is none.
PlacementGroup find_placement_group(const std::string& name);

}  // namespace Atoll

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
namespace adaptor {

// [process, sequence]
template <>
struct pack<Atoll::PlacementGroup> {
  template <typename Stream>
  packer<Stream>& operator()(packer<Stream>& out, const Atoll::PlacementGroup& group) const {
    out.pack_array(2);
    out.pack(group.key().process);
    out.pack(group.key().sequence);
    return out;
  }
};
template <>
struct convert<Atoll::PlacementGroup> {
  const msgpack::object& operator()(const msgpack::object& in, Atoll::PlacementGroup& group) const {
    if (in.type != type::ARRAY || in.via.array.size != 2) throw type_error();
    group = Atoll::PlacementGroup({in.via.array.ptr[0].as<std::uint64_t>(), in.via.array.ptr[1].as<std::uint64_t>()});
    return in;
  }
};

}  // namespace adaptor
}  // MSGPACK_API_VERSION_NAMESPACE
}  // namespace msgpack
