#include "runtime/scheduler/cluster_view.h"

#include <algorithm>
#include <unordered_map>

#include "runtime/base/check.h"
#include "runtime/scheduler/explanation.h"
#include "runtime/scheduler/filter_count.h"
#include "runtime/scheduler/gpu_packing.h"
#include "runtime/scheduler/shape_index.h"

namespace Atoll {
namespace {

std::uint32_t number(NodeId id) { return static_cast<std::uint32_t>(id); }

// A report is of the same node if it has no more than the node brought.
Status check_free(const NodeResources& total, const NodeResources& free) {
  if (free.gpus.size() != total.gpus.size())
    return Status(Code::kInvalidArgument, "a report has " + std::to_string(free.gpus.size()) + " GPUs, the node " +
                                              std::to_string(total.gpus.size()));
  ATOLL_RETURN_IF_ERROR(check_node(free).prefixed("a report"));
  bool covered = covers(total.amounts, free.amounts);
  for (std::size_t i = 0; i < free.gpus.size(); ++i) covered &= free.gpus[i] <= total.gpus[i];
  if (covered) return Status();
  return Status(Code::kInvalidArgument,
                "a report has " + to_string(free.amounts) + " free, the node brought " + to_string(total.amounts));
}

// What of `request` is left in `free`: the node may have given to others, since, what it was promised for.
Resources part_left(NodeResources& free, const Resources& request) {
  Resources left = request;
  left.cpu = std::min(left.cpu, free.amounts.cpu);
  left.memory = std::min(left.memory, free.amounts.memory);
  for (auto& [name, amount] : left.custom) amount = std::min(amount, free.amounts.custom[name]);
  const auto whole = std::ranges::count(free.gpus, Fixed::whole(1));
  if (request.gpu >= Fixed::whole(1))
    left.gpu = std::min(request.gpu, Fixed::whole(whole));
  else if (!request.gpu.is_zero())
    left.gpu = std::min(request.gpu, std::ranges::max(free.gpus));
  return left;
}

// Takes off what is left of these very devices.
void take_devices(NodeResources& free, const std::vector<GpuShare>& gpus) {
  for (const GpuShare& share : gpus) {
    const Fixed part = std::min(share.part, free.gpus[share.gpu]);
    free.gpus[share.gpu] -= part;
    free.amounts.gpu -= part;
  }
}

}  // namespace

ClusterView::ClusterView(std::uint64_t first_reservation) : last_reservation_(first_reservation - 1) {}
ClusterView::~ClusterView() = default;
ClusterView::ClusterView(ClusterView&&) noexcept = default;
ClusterView& ClusterView::operator=(ClusterView&&) noexcept = default;

Status ClusterView::add_node(NodeId id, std::string name, NodeResources total, NodePlace place) {
  if (number(id) >= kMaxNodes)
    return Status(Code::kInvalidArgument, "node " + std::to_string(number(id)) + " is beyond the largest cluster");
  if (name.empty()) return Status(Code::kInvalidArgument, "a node needs a name");
  if (find_alive(id) != nullptr)
    return Status(Code::kAlreadyExists, "node " + std::to_string(number(id)) + " is there already");
  ATOLL_RETURN_IF_ERROR(check_node(total).prefixed(name));
  if (place.graph != nullptr && place.graph->size() != std::ssize(total.gpus))
    return Status(Code::kInvalidArgument, name + " has " + std::to_string(total.gpus.size()) + " GPUs and links of " +
                                              std::to_string(place.graph->size()));
  if (number(id) >= nodes_.size()) {
    nodes_.resize(number(id) + 1);
    free_gpu_.resize(nodes_.size());
    total_gpu_.resize(nodes_.size());
  }
  Entry& entry = nodes_[number(id)];
  const std::uint64_t last_spread = entry.last_spread;
  entry = Entry();
  entry.name = std::move(name);
  entry.total = std::move(total);
  entry.free = entry.reported = entry.total;
  entry.place = std::move(place);
  entry.place.graph = shared(std::move(entry.place.graph));
  entry.alive = true;
  entry.last_spread = last_spread;
  ++alive_;
  ++membership_;
  total_classes_.set(number(id), entry.place.graph, entry.total.gpus);
  total_gpu_[number(id)] = entry.total.amounts.gpu;
  refresh(number(id));
  return Status();
}

std::shared_ptr<const GpuGraph> ClusterView::shared(std::shared_ptr<const GpuGraph> graph) {
  if (graph == nullptr) return nullptr;
  for (const auto& known : graphs_)
    if (known == graph || *known == *graph) return known;
  // A cluster of more kinds of nodes than this only has more classes.
  if (graphs_.size() < kMaxShapes) graphs_.push_back(graph);
  return graph;
}

void ClusterView::remove_node(NodeId id) {
  Entry* entry = find_alive(id);
  if (entry == nullptr) return;
  entry->alive = false;
  entry->reservations.clear();
  --alive_;
  ++membership_;
  free_classes_.remove(number(id));
  total_classes_.remove(number(id));
  for (auto& [shape, index] : shapes_) index->remove(number(id));
}

Status ClusterView::report(NodeId id, const NodeReport& report) {
  Entry* entry = find_alive(id);
  if (entry == nullptr)
    return Status(Code::kNotFound, "node " + std::to_string(number(id)) + " is not a live node of this cluster");
  ATOLL_RETURN_IF_ERROR(check_free(entry->total, report.free).prefixed(entry->name));
  const auto was_heard = [&report](const Reservation& reservation) {
    return reservation.number <= report.heard_through ||
           std::ranges::find(report.heard, reservation.number) != report.heard.end();
  };
  const bool newer = report.sequence > entry->last_report;
  const bool same = std::erase_if(entry->reservations, was_heard) == 0 && (!newer || entry->reported == report.free);
  if (newer) {
    entry->last_report = report.sequence;
    entry->reported = report.free;
  }
  if (!same) recompute_free(number(id));
  return Status();
}

bool ClusterView::take_from(const NodePlace& place, NodeResources& free, const Resources& request) {
  const auto gpus = choose_gpus(free, request, topology_picker(place.graph, picks_));
  if (gpus) take(free, request, *gpus);
  return gpus.has_value();
}

void ClusterView::recompute_free(std::uint32_t id) {
  Entry& entry = nodes_[id];
  entry.free = entry.reported;
  // Who was promised certain devices comes first: the others can have any.
  for (const bool exact : {true, false})
    for (const Reservation& reservation : entry.reservations)
      for (const auto& [request, count, gpus] : reservation.held)
        for (int i = 0; i < count && gpus.has_value() == exact; ++i) {
          Resources rest = request;
          if (exact) take_devices(entry.free, *gpus), rest.gpu = Fixed();
          if (take_from(entry.place, entry.free, rest)) continue;
          rest = part_left(entry.free, rest);
          ATOLL_CHECK(take_from(entry.place, entry.free, rest), to_string(rest), to_string(entry.free.amounts));
        }
  refresh(id);
}

std::vector<Placement> ClusterView::place(const Resources& request, int count, Policy policy,
                                          const NodeFilter& filter) {
  if (count <= 0 || !check_request(request).ok()) return {};
  ShapeIndex& index = index_of(request, filter);
  return policy == Policy::kPack ? pack(request, count, index) : spread(request, count, index);
}

std::vector<Placement> ClusterView::pack(const Resources& request, int count, ShapeIndex& index) {
  std::vector<Placement> placements;
  for (std::uint32_t id = index.first(0); count > 0 && id != FitSet::kNone; id = index.first(id)) {
    Entry& entry = nodes_[id];
    const int here = count_fitting(entry.free, request, count);
    ATOLL_CHECK(here > 0, id, to_string(request));
    for (int i = 0; i < here; ++i) take_from(entry.place, entry.free, request);
    entry.reservations.push_back({++last_reservation_, {{request, here}}});
    placements.push_back({NodeId(id), here, last_reservation_});
    count -= here;
    refresh(id);
  }
  return placements;
}

std::vector<Placement> ClusterView::spread(const Resources& request, int count, ShapeIndex& index) {
  if (!index.ordered()) {
    index.order_by_share();
    for (std::uint32_t id = 0; id < nodes_.size(); ++id)
      if (nodes_[id].alive) tell(index, id);
  }
  std::vector<Placement> placements;
  std::unordered_map<std::uint32_t, std::size_t> placement_of;
  for (std::uint32_t id = index.most_free(); count > 0 && id != FitSet::kNone; id = index.most_free(), --count) {
    Entry& entry = nodes_[id];
    ATOLL_CHECK(take_from(entry.place, entry.free, request), id, to_string(request));
    const auto [where, is_new] = placement_of.try_emplace(id, placements.size());
    if (is_new) {
      entry.reservations.push_back({++last_reservation_, {{request, 0}}});
      placements.push_back({NodeId(id), 0, last_reservation_});
    }
    ++placements[where->second].count;
    ++entry.reservations.back().held.back().count;
    entry.last_spread = ++spread_choices_;
    refresh(id);
  }
  return placements;
}

std::optional<std::uint64_t> ClusterView::keep(Entry& entry, NodeResources free, std::vector<Held> held) {
  entry.free = std::move(free);
  entry.reservations.push_back({++last_reservation_, std::move(held)});
  refresh(static_cast<std::uint32_t>(&entry - nodes_.data()));
  return last_reservation_;
}

std::optional<std::uint64_t> ClusterView::reserve(NodeId id, const std::vector<Resources>& requests) {
  Entry* entry = find_alive(id);
  if (entry == nullptr) return std::nullopt;
  NodeResources free = entry->free;
  std::vector<Held> held;
  for (const Resources& request : requests) {
    if (!take_from(entry->place, free, request)) return std::nullopt;
    held.push_back({request});
  }
  return keep(*entry, std::move(free), std::move(held));
}

std::optional<std::uint64_t> ClusterView::reserve(NodeId id, const std::vector<Resources>& requests,
                                                  const BundleShares& gpus) {
  Entry* entry = find_alive(id);
  if (entry == nullptr || gpus.size() != requests.size()) return std::nullopt;
  NodeResources free = entry->free;
  std::vector<Held> held;
  held.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!fits(free, requests[i]) || !has_shares(free, requests[i].gpu, gpus[i])) return std::nullopt;
    take(free, requests[i], gpus[i]);
    held.push_back({requests[i], 1, gpus[i]});
  }
  return keep(*entry, std::move(free), std::move(held));
}

void ClusterView::cancel(NodeId id, std::uint64_t reservation) {
  Entry* entry = find_alive(id);
  if (entry == nullptr) return;
  if (std::erase_if(entry->reservations, [reservation](const Reservation& r) { return r.number == reservation; }) > 0)
    recompute_free(number(id));
}

std::vector<NodeId> ClusterView::nodes_fitting(const Resources& request, int limit) const {
  std::vector<NodeId> found;
  const ShapeIndex& index = index_of(request);
  for (std::uint32_t id = index.first(0); std::ssize(found) < limit && id != FitSet::kNone; id = index.first(id + 1))
    found.push_back(NodeId(id));
  return found;
}

const FitSet& ClusterView::fitting(const Resources& request, Room room) const {
  const ShapeIndex& index = index_of(request);
  return room == Room::kNow ? index.fitting() : index.feasible_nodes();
}

bool ClusterView::feasible(const Resources& request, const NodeFilter& filter) const {
  return index_of(request, filter).feasible();
}

std::string ClusterView::explain(const Resources& request, const NodeFilter& filter) const {
  const ShapeIndex admission(request, filter);
  Explanation explanation(request);
  FilterCount count;
  for (const Entry& entry : nodes_) {
    if (entry.name.empty()) continue;  // it never joined
    const bool admitted = admission.admits(entry.name, entry.place.labels, !entry.total.gpus.empty());
    count.add(admitted, entry.alive);
    if (admitted && entry.alive) explanation.add_node(entry.total, entry.free);
  }
  if (filter.is_all()) return explanation.sentence();
  return count.sentence(filter, explanation.sentence());
}

const ClusterView::Node* ClusterView::find(NodeId id) const {
  if (number(id) >= nodes_.size() || nodes_[number(id)].name.empty()) return nullptr;
  return &nodes_[number(id)];
}

ClusterView::Entry* ClusterView::find_alive(NodeId id) {
  if (number(id) >= nodes_.size() || !nodes_[number(id)].alive) return nullptr;
  return &nodes_[number(id)];
}

// The index of `shape`, made from all nodes if it was not asked for lately; the
// shape not used for the longest time makes room for it.
ShapeIndex& ClusterView::index_of(const Resources& shape, const NodeFilter& filter) const {
  auto found = shapes_.find(std::pair<const Resources&, const NodeFilter&>(shape, filter));
  if (found == shapes_.end()) {
    if (shapes_.size() >= kMaxShapes)
      shapes_.erase(std::ranges::min_element(shapes_, {}, [](const auto& entry) { return entry.second->last_used; }));
    found = shapes_.emplace(std::pair(shape, filter), std::make_unique<ShapeIndex>(shape, filter)).first;
    for (std::uint32_t id = 0; id < nodes_.size(); ++id)
      if (nodes_[id].alive) tell(*found->second, id);
  }
  found->second->last_used = ++shape_uses_;
  return *found->second;
}

// Tells every index what is free on an alive node now.
void ClusterView::refresh(std::uint32_t id) {
  const Entry& entry = nodes_[id];
  free_classes_.set(id, entry.place.graph, entry.free.gpus);
  free_gpu_[id] = entry.free.amounts.gpu;
  for (auto& [shape, index] : shapes_) tell(*index, id);
}

void ClusterView::tell(ShapeIndex& index, std::uint32_t id) const {
  const Entry& entry = nodes_[id];
  if (index.admits_all() || index.admits(entry.name, entry.place.labels, !entry.total.gpus.empty()))
    index.update(id, entry.total, entry.free, entry.last_spread);
}

}  // namespace Atoll
