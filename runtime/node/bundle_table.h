#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/scheduler/node_ledger.h"
#include "runtime/wire/messages.h"

namespace Atoll {

// A bundle on this node.
struct BundleId {
  GroupId group;
  std::uint32_t index = 0;
  friend auto operator<=>(const BundleId&, const BundleId&) = default;
};

// What a tenant of the node holds: of the node's ledger, or of a bundle's.
struct Holding {
  Grant grant;
  std::optional<BundleId> bundle;
};

// What a worker is told of the bundle that it works in, and all that it knows of its group.
struct GroupPlace {
  std::string group;        // its name; may be empty
  std::uint32_t index = 0;  // the bundle's: its rank
  std::uint32_t size = 0;   // of the group, in bundles
  friend auto operator<=>(const GroupPlace&, const GroupPlace&) = default;
};

// The bundles that placement groups have on this node. Each is a grant of the node's ledger, and a ledger of its own
// from which leases and actors get their part.
//
// BUNDLES-1 all of what ReserveBundles asks for is reserved, or nothing
// BUNDLES-2 a bundle's grant goes back to the node when it was freed and its last tenant's process has ended
// BUNDLES-3 what waits for room in a group is served in order of arrival, as far as it fits
class BundleTable {
 public:
  BundleTable(NodeLedger& ledger, GpuPicker picker) : ledger_(ledger), picker_(std::move(picker)) {}

  // Reserves, or says why not. Asking for a version that is here already is no new request.
  Status reserve(const ReserveBundles& request);
  // The bundles with that version (0: all) take no new tenants and go when they are empty. Returns them.
  std::vector<BundleId> free(GroupId group, std::uint32_t version);

  // What a tenant of `shape` gets of the bundle, of any bundle of the group for -1; none if it does not fit now.
  std::optional<Holding> acquire(GroupId group, std::int32_t bundle, const Resources& shape);
  // Whether it would fit if the bundle, or any, were empty. False also if there is none such here.
  bool can_ever_fit(GroupId group, std::int32_t bundle, const Resources& shape) const;
  void release(const Holding& holding);
  // As NodeLedger's.
  void lend_cpus(Holding& holding) { ledger_of(holding).lend_cpus(holding.grant); }
  void reclaim_cpus(Holding& holding) { ledger_of(holding).reclaim_cpus(holding.grant); }

  // Whether it is here and stays; for -1 whether any of the group is.
  bool has(GroupId group, std::int32_t bundle) const;
  GroupPlace place_of(const BundleId& id) const { return {bundles_.at(id).name, id.index, bundles_.at(id).size}; }
  const Grant& grant_of(const BundleId& id) const { return bundles_.at(id).grant; }
  std::size_t size() const { return bundles_.size(); }

 private:
  struct Bundle {
    std::uint32_t version = 0;
    std::string name;
    std::uint32_t size = 0;
    Grant grant;
    NodeLedger ledger;
    bool leaving = false;
  };

  NodeLedger& ledger_of(const Holding& holding) {
    return holding.bundle ? bundles_.at(*holding.bundle).ledger : ledger_;
  }
  void drop_if_empty(const BundleId& id);

  NodeLedger& ledger_;
  GpuPicker picker_;
  std::map<BundleId, Bundle> bundles_;
};

}  // namespace Atoll
