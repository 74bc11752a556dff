#include "runtime/node/bundle_table.h"

namespace Atoll {
namespace {

std::vector<GpuShare> shares_of(const BundleAsk& ask) {
  std::vector<GpuShare> shares;
  for (std::size_t i = 0; i < ask.gpus.size() && i < ask.parts.size(); ++i) shares.push_back({ask.gpus[i], ask.parts[i]});
  return shares;
}

// Whether the ask is one that a ledger with so many devices can be asked at all.
bool well_formed(const BundleAsk& ask, const std::vector<GpuShare>& shares, std::size_t devices) {
  if (!check_request(ask.shape).ok() || ask.gpus.size() != ask.parts.size()) return false;
  Fixed sum;
  for (const GpuShare& share : shares) {
    const bool possible = share.gpu >= 0 && static_cast<std::size_t>(share.gpu) < devices &&
                          share.part > Fixed() && share.part <= Fixed::whole(1);
    if (!possible) return false;
    sum += share.part;
  }
  return sum == ask.shape.gpu;
}

}  // namespace

Status BundleTable::reserve(const ReserveBundles& request) {
  std::vector<std::pair<BundleId, Grant>> taken;
  const auto undo = [&](std::string why) {
    for (const auto& [id, grant] : taken) ledger_.release(grant);
    return Status(Code::kUnavailable, std::move(why));
  };
  for (const BundleAsk& ask : request.bundles) {
    const BundleId id{request.group, ask.index};
    if (const auto known = bundles_.find(id); known != bundles_.end()) {
      if (known->second.version == request.version && !known->second.leaving) continue;
      return undo("bundle " + std::to_string(ask.index) + " of an older plan is still here");
    }
    const std::vector<GpuShare> shares = shares_of(ask);
    if (!well_formed(ask, shares, ledger_.total().gpus.size())) return undo("malformed request");
    std::optional<Grant> grant = ledger_.acquire(ask.shape, shares);
    if (!grant) return undo("no room for bundle " + std::to_string(ask.index) + ": " + to_string(ask.shape));
    taken.emplace_back(id, std::move(*grant));
  }
  for (auto& [id, grant] : taken) {
    NodeLedger own(node_of(grant, static_cast<int>(ledger_.total().gpus.size())), picker_);
    bundles_.emplace(id, Bundle{request.version, request.name, request.size, std::move(grant), std::move(own), false});
  }
  return Status();
}

std::vector<BundleId> BundleTable::free(GroupId group, std::uint32_t version) {
  std::vector<BundleId> freed;
  for (auto entry = bundles_.lower_bound({group, 0}); entry != bundles_.end() && entry->first.group == group; ++entry)
    if (!entry->second.leaving && (version == 0 || entry->second.version == version)) {
      entry->second.leaving = true;
      freed.push_back(entry->first);
    }
  for (const BundleId& id : freed) drop_if_empty(id);
  return freed;
}

std::optional<Holding> BundleTable::acquire(GroupId group, std::int32_t bundle, const Resources& shape) {
  for (auto entry = bundles_.lower_bound({group, 0}); entry != bundles_.end() && entry->first.group == group; ++entry) {
    if (entry->second.leaving || (bundle >= 0 && entry->first.index != static_cast<std::uint32_t>(bundle))) continue;
    if (std::optional<Grant> grant = entry->second.ledger.acquire(shape)) return Holding{std::move(*grant), entry->first};
  }
  return std::nullopt;
}

bool BundleTable::can_ever_fit(GroupId group, std::int32_t bundle, const Resources& shape) const {
  for (auto entry = bundles_.lower_bound({group, 0}); entry != bundles_.end() && entry->first.group == group; ++entry) {
    if (entry->second.leaving || (bundle >= 0 && entry->first.index != static_cast<std::uint32_t>(bundle))) continue;
    if (entry->second.ledger.can_ever_fit(shape)) return true;
  }
  return false;
}

void BundleTable::release(const Holding& holding) {
  if (!holding.bundle) return ledger_.release(holding.grant);
  bundles_.at(*holding.bundle).ledger.release(holding.grant);
  drop_if_empty(*holding.bundle);
}

void BundleTable::drop_if_empty(const BundleId& id) {
  const auto entry = bundles_.find(id);
  if (!entry->second.leaving || entry->second.ledger.outstanding() > 0) return;
  ledger_.release(entry->second.grant);
  bundles_.erase(entry);
}

bool BundleTable::has(GroupId group, std::int32_t bundle) const {
  for (auto entry = bundles_.lower_bound({group, 0}); entry != bundles_.end() && entry->first.group == group; ++entry)
    if (!entry->second.leaving && (bundle < 0 || entry->first.index == static_cast<std::uint32_t>(bundle))) return true;
  return false;
}

}  // namespace Atoll
