#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/resources.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/fields.h"

// The messages of placement groups; messages.h has the rules.
//
// A group is placed in two phases. The head plans it and asks the daemons of all its nodes to reserve their bundles
// (ReserveBundles). Each reserves all of its own or none and says so (BundlesReserved). If all did, the group is created:
// that is the head's decision alone, and clients hear of it by GroupUpdate. If one did not, those of this version are
// freed everywhere and the group is planned anew.
namespace Atoll {

enum class GroupState : std::uint8_t {
  kPending = 0,       // waits for room, or its daemons are being asked
  kCreated = 1,
  kRescheduling = 2,  // some of its bundles were lost with a node and wait for room; the others go on
  kInfeasible = 3,    // no node or set of nodes can ever hold it; final
  kRemoved = 4,       // final
};

struct GroupSpec {
  GroupId group;
  ProcessId job = ProcessId::kNone;
  std::string name;       // empty: none
  bool detached = false;  // outlives its creator and job
  bool move_whole = false;  // when a node is lost all bundles move, not the lost ones alone
  std::uint8_t strategy = 0;  // Strategy and Level of scheduler/group.h
  std::uint8_t within = 4;
  std::uint32_t segment = 0;
  std::vector<Resources> bundles;
  std::map<std::string, std::string> labels;
  ATOLL_MESSAGE_FIELDS(group, job, name, detached, move_whole, strategy, within, segment, bundles, labels)
};

// client -> head. Every change of state is answered by a GroupUpdate to the creator and to all who watch.
struct CreateGroup {
  GroupSpec spec;
  Contact creator;
  ATOLL_MESSAGE_FIELDS(spec, creator)
};
// client -> head: by id, or by name if the id is none. Answered at once by a GroupUpdate whose `why` explains, or by
// NoSuchGroup.
struct WatchGroup {
  GroupId group;
  std::string name;
  ATOLL_MESSAGE_FIELDS(group, name)
};
struct NoSuchGroup {
  GroupId group;
  std::string name;
  ATOLL_MESSAGE_FIELDS(group, name)
};
// client -> head: its bundles are given back, and whoever runs in them is ended.
struct RemoveGroup {
  GroupId group;
  ATOLL_MESSAGE_FIELDS(group)
};

// A device, or a part of it, in a bundle.
struct BundleGpu {
  std::int32_t index = 0;  // as Slurm and the driver number it on the node
  std::string uuid;
  Fixed part;
  std::int32_t island = -1;  // on the node, from 0
  ATOLL_MESSAGE_FIELDS(index, uuid, part, island)
};
// Where a bundle is: the row of the group's table.
struct BundleRecord {
  std::uint32_t index = 0;       // of the bundle; its rank
  NodeId node = NodeId::kNone;   // none: it has no place now
  std::string node_name;
  std::vector<BundleGpu> gpus;   // in ring order
  std::vector<std::int32_t> numa;  // nodes of its GPUs
  std::vector<std::int32_t> cpus;  // beside its GPUs, of those granted; empty: not bound
  std::vector<std::string> nics;   // nearest first
  ATOLL_MESSAGE_FIELDS(index, node, node_name, gpus, numa, cpus, nics)
};
struct GroupUpdate {
  GroupId group;
  std::string name;
  GroupState state = GroupState::kPending;
  std::vector<BundleRecord> bundles;  // by index; those without a place have no node. Empty before the first placement
  std::vector<Contact> daemons;       // of the nodes in it
  std::string why;                    // it is not created
  ATOLL_MESSAGE_FIELDS(group, name, state, bundles, daemons, why)
};

// head -> daemon.
struct BundleAsk {
  std::uint32_t index = 0;
  Resources shape;
  std::vector<std::int32_t> gpus;  // places in NodeInfo::gpus, in ring order
  std::vector<Fixed> parts;        // of each
  ATOLL_MESSAGE_FIELDS(index, shape, gpus, parts)
};
struct ReserveBundles {
  GroupId group;
  std::uint32_t version = 0;  // of the group's plan
  std::string name;
  std::uint32_t size = 0;  // bundles of the whole group
  std::uint64_t reservation = 0;
  std::vector<BundleAsk> bundles;
  ATOLL_MESSAGE_FIELDS(group, version, name, size, reservation, bundles)
};
// daemon -> head.
struct BundlesReserved {
  GroupId group;
  std::uint32_t version = 0;
  std::string refused;  // why not, empty if all are reserved
  std::vector<BundleRecord> bundles;
  ATOLL_MESSAGE_FIELDS(group, version, refused, bundles)
};
// head -> daemon: those of one version, or all if it is 0. Leases and actors in them end with `why`.
struct FreeBundles {
  GroupId group;
  std::uint32_t version = 0;
  std::string why;
  bool moved = false;  // the group goes on elsewhere, and so may its actors
  ATOLL_MESSAGE_FIELDS(group, version, why, moved)
};

struct GroupStatus {
  GroupId group;
  std::string name;
  GroupState state = GroupState::kPending;
  std::uint8_t strategy = 0;
  std::uint32_t bundles = 0;
  std::vector<NodeId> nodes;  // that it is on, ascending
  std::string why;
  ATOLL_MESSAGE_FIELDS(group, name, state, strategy, bundles, nodes, why)
};

}  // namespace Atoll
