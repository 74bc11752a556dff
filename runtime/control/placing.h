#pragma once

#include <compare>
#include <string>
#include <vector>

#include "runtime/scheduler/cluster_view.h"
#include "runtime/wire/place_strategy.h"

namespace Atoll {

// How the head places a request by its strategy.
//
// PLACING-1 what names a node and is not soft, or has labels, is never placed elsewhere
// PLACING-2 what is soft goes to its node as far as that has room now, and the rest where it would go without it
// PLACING-3 what asks for no GPU goes to nodes without GPUs first, unless it names its node
// PLACING-4 labels and those to be taken otherwise are tried in order, as far as each has room now; a request waits for all
//           of them, and can never be placed if none of them ever can
//
// A task without a strategy is asked of its owner's home daemon before it comes here, whatever that has: Ray begins at
// home, too, up to half of it, and then takes at random one of the fifth of the nodes that score best. Here the rest
// is packed in node order, so that whole nodes stay free for those that need them.

// What waits alike: of two such, the later has no room if the earlier had none.
struct PlaceKey {
  Resources shape;
  PlaceStrategy strategy;
  friend auto operator<=>(const PlaceKey&, const PlaceKey&) = default;
};

// kInvalidArgument for labels that cannot be read.
Status check_strategy(const PlaceStrategy& strategy);

// Reserves room for up to `count` requests; `policy` holds unless the strategy says another.
std::vector<Placement> place_by(ClusterView& view, const PlaceStrategy& strategy, const Resources& request, int count,
                                Policy policy = Policy::kPack);

// Why no living node can ever hold the request; empty: one can.
std::string why_never(const ClusterView& view, const PlaceStrategy& strategy, const Resources& request);

// In counts, which nodes have room for the request now, are busy or too small.
std::string why_not_now(const ClusterView& view, const PlaceStrategy& strategy, const Resources& request);

// For people: "on node n2, if it has room", "where zone=a", "spread"; empty: anywhere.
std::string to_string(const PlaceStrategy& strategy);

}  // namespace Atoll
