#include "runtime/client/group_client.h"

#include <algorithm>
#include <utility>

namespace Atoll {

void GroupClient::create(GroupSpec spec, ClientOutbox& out) {
  Group& group = groups_[spec.group];
  group.last.group = spec.group;
  group.is_ours = !spec.detached;
  out.send(head_, CreateGroup{std::move(spec), self_});
}

void GroupClient::when_ready(GroupId id, ObjectId ready, ClientOutbox& out) {
  objects_.declare(ready);
  const auto [entry, is_new] = groups_.try_emplace(id);
  entry->second.waiting.push_back(ready);
  if (is_new) return watch(id, out);
  settle(entry->second, out);
}

void GroupClient::on_update(const GroupUpdate& update, ClientOutbox& out) {
  Group& group = groups_[update.group];
  group.last = update;
  settle(group, out);
  out.group_updates.push_back(update);
  // A later question is answered by the head, which knows no such group.
  if (update.state == GroupState::kRemoved) groups_.erase(update.group);
}

bool GroupClient::owns_any() const {
  return std::ranges::any_of(groups_, [](const auto& group) { return group.second.is_ours; });
}

void GroupClient::settle(Group& group, ClientOutbox& out) {
  const GroupUpdate& last = group.last;
  const bool gone = last.state == GroupState::kRemoved || last.state == GroupState::kInfeasible;
  if (last.state != GroupState::kCreated && !gone) return;
  for (const ObjectId id : std::exchange(group.waiting, {})) {
    if (!gone) {
      objects_.settle(id, std::make_shared<const std::string>(), std::nullopt, out);
      continue;
    }
    ErrorInfo error;
    error.kind = last.state == GroupState::kRemoved ? ErrorKind::kGroupRemoved : ErrorKind::kInfeasible;
    error.message = (last.name.empty() ? "the placement group" : "placement group '" + last.name + "'") +
                    (gone && last.state == GroupState::kRemoved ? " is gone: " : " can never be placed: ") + last.why;
    objects_.settle(id, nullptr, std::move(error), out);
  }
}

}  // namespace Atoll
