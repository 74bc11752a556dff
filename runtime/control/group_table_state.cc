// Placement groups, as they are listed.

#include <algorithm>

#include "runtime/control/group_table.h"
#include "runtime/control/node_table.h"
#include "runtime/state/words.h"

namespace Atoll {
namespace {

// "4 of 1 gpu; 1 of 8 cpu": those alike in a row.
std::string needs_of(const std::vector<Resources>& bundles) {
  std::string text;
  for (auto first = bundles.begin(); first != bundles.end();) {
    const auto last = std::find_if_not(first, bundles.end(), [first](const Resources& each) { return each == *first; });
    text += (text.empty() ? "" : "; ") + std::to_string(last - first) + " of " + to_string(*first);
    first = last;
  }
  return text;
}

}  // namespace

std::map<GroupState, std::size_t> GroupTable::by_state() const {
  std::map<GroupState, std::size_t> counts;
  for (const auto& [id, group] : groups_) ++counts[group.state];
  return counts;
}

void GroupTable::list(StateRows& rows) const {
  struct Seen {
    GroupId id;
    const Group& group;
    const GroupTable& table;
    bool waits() const {
      const bool unplaced = group.state == GroupState::kPending || group.state == GroupState::kRescheduling;
      return unplaced && group.asked.empty();
    }
    std::string why() const {
      if (!waits()) return group.asked.empty() ? group.why : "its nodes are being asked";
      return (group.why.empty() ? "" : group.why + "; ") + table.planner_.explain(group.request);
    }
    // As ColumnType::kPlaces has them.
    std::vector<std::string> places() const {
      std::vector<std::string> all;
      for (std::size_t i = 0; i < group.bundles.size(); ++i) {
        const BundleRecord& record = group.bundles[i].record;
        std::string gpus;
        for (const BundleGpu& gpu : record.gpus) gpus += (gpus.empty() ? "" : ",") + std::to_string(gpu.index);
        const bool placed = record.node != NodeId::kNone;
        all.push_back(std::to_string(i) + " " + (placed ? record.node_name : "-") + " " +
                      (placed && !gpus.empty() ? gpus : "-"));
      }
      return all;
    }
    std::vector<std::string> nodes() const {
      std::vector<std::string> names;
      for (const NodeId node : table.nodes_of(group)) names.push_back(table.nodes_.get(node)->info.name);
      return names;
    }
  };
  static constexpr StateGetter<Seen> kGetters[] = {
      {"id", [](const Seen& s) { return cell_of(s.id); }},
      {"name", [](const Seen& s) { return text_or_none(s.group.spec.name); }},
      {"strategy", [](const Seen& s) { return cell_of(to_string(s.group.request.strategy)); }},
      {"within", [](const Seen& s) { return cell_of(to_string(s.group.request.within)); }},
      {"segment",
       [](const Seen& s) { return s.group.spec.segment == 0 ? StateCell() : cell_of(s.group.spec.segment); }},
      {"state", [](const Seen& s) { return cell_of(to_string(s.group.state)); }},
      {"bundles", [](const Seen& s) { return cell_of(s.group.bundles.size()); }},
      {"placed",
       [](const Seen& s) {
         return cell_of(std::ranges::count_if(s.group.bundles,
                                              [](const Bundle& each) { return each.record.node != NodeId::kNone; }));
       }},
      {"nodes", [](const Seen& s) { return cell_of(s.nodes()); }},
      {"needs", [](const Seen& s) { return cell_of(needs_of(s.group.spec.bundles)); }},
      {"creator", [](const Seen& s) { return cell_of(s.group.creator); }},
      {"job", [](const Seen& s) { return cell_of(s.group.spec.job); }},
      {"detached", [](const Seen& s) { return cell_of(s.group.spec.detached); }},
      {"asked", [](const Seen& s) { return cell_of(s.group.asked.size()); }},
      {"why", [](const Seen& s) { return text_or_none(s.why()); }},
      {"places", [](const Seen& s) { return cell_of(s.places()); }},
  };
  StateQuery<Seen> query(rows, kGetters);
  for (const auto& [id, group] : groups_) query.offer({id, group, *this});
}

std::size_t GroupTable::count_of(ProcessId job) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(groups_, [job](const auto& entry) { return entry.second.spec.job == job; }));
}

std::string GroupTable::why_waiting(GroupId id) const {
  const auto entry = groups_.find(id);
  if (entry == groups_.end()) return "its placement group is not known here (yet)";
  return "it waits for its placement group " + to_string(id) + ", which is " + to_string(entry->second.state);
}

}  // namespace Atoll
