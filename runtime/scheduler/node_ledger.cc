#include "runtime/scheduler/node_ledger.h"

#include <algorithm>
#include <utility>

#include "runtime/base/check.h"

namespace Atoll {

NodeLedger::NodeLedger(NodeResources total, GpuPicker picker)
    : total_(std::move(total)), free_(total_), picker_(std::move(picker)) {
  ATOLL_CHECK(check_node(total_).ok(), check_node(total_).to_string());
}

std::optional<Grant> NodeLedger::acquire(const Resources& request, const GpuPicker& picker) {
  auto gpus = choose_gpus(free_, request, picker);
  if (!gpus) return std::nullopt;
  return give(request, std::move(*gpus));
}

std::optional<Grant> NodeLedger::acquire(const Resources& request, const std::vector<GpuShare>& gpus) {
  if (!fits(request) || !has_shares(free_, request.gpu, gpus)) return std::nullopt;
  return give(request, gpus);
}

Grant NodeLedger::give(const Resources& request, std::vector<GpuShare> gpus) {
  take(free_, request, gpus);
  outstanding_.insert(++last_number_);
  return Grant{request, std::move(gpus), last_number_};
}

void NodeLedger::release(const Grant& grant) {
  ATOLL_CHECK(outstanding_.erase(grant.number) == 1, grant.number, to_string(grant.amounts));
  put_back(free_, grant.amounts, grant.gpus);
  ATOLL_CHECK(covers(total_.amounts, free_.amounts), to_string(total_.amounts), to_string(free_.amounts));
}

void NodeLedger::lend_cpus(Grant& grant) {
  ATOLL_CHECK(outstanding_.contains(grant.number), grant.number);
  free_.amounts.cpu += grant.amounts.cpu;
  grant.lent += std::exchange(grant.amounts.cpu, Fixed());
}

void NodeLedger::reclaim_cpus(Grant& grant) {
  ATOLL_CHECK(outstanding_.contains(grant.number), grant.number);
  free_.amounts.cpu -= grant.lent;
  grant.amounts.cpu += std::exchange(grant.lent, Fixed());
}

}  // namespace Atoll
