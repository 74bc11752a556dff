#include "runtime/client/copy_client.h"

#include <utility>
#include <vector>

namespace Atoll {

void CopyClient::ask(const Contact& daemon, std::uint64_t number, Message question, ClientOutbox& out) {
  const Contact& to = daemon.is_none() ? home_ : daemon;
  if (to.is_none()) return out.copy_answers.push_back({number, "this process has no node daemon beside it"});
  if (const auto dead = dead_.find(to.process); dead != dead_.end())  // without the home daemon it may still be read
    return out.copy_answers.push_back({.number = number, .why = dead->second, .no_room = daemon.is_none()});
  if (const auto* room = std::get_if<MakeRoom>(&question)) made_for_.insert(room->owner);
  open_[number] = to.process;
  out.learn(to);
  out.send(to.process, std::move(question));
}

void CopyClient::say(ProcessId daemon, Message message, ClientOutbox& out) const {
  out.send(daemon == ProcessId::kNone ? home_.process : daemon, std::move(message));
}

bool CopyClient::on_message(const Message& message, ClientOutbox& out) {
  if (const auto* made = std::get_if<RoomMade>(&message))
    answer({made->request, "", made->copy, made->offset}, out);
  else if (const auto* refused = std::get_if<RoomRefused>(&message))
    answer({.number = refused->request, .why = refused->why, .no_disk = refused->no_disk}, out);
  else if (const auto* held = std::get_if<CopyHeld>(&message))
    answer({held->request, "", held->copy, held->offset, held->bytes}, out);
  else if (const auto* gone = std::get_if<CopyGone>(&message))
    answer({.number = gone->request, .why = gone->why, .no_room = gone->no_room, .no_disk = gone->no_disk}, out);
  else if (const auto* arena = std::get_if<ArenaReply>(&message))
    answer({0, arena->why, 0, 0, arena->bytes, arena->socket}, out);
  else if (const auto* bytes = std::get_if<CopyBytes>(&message))
    answer({bytes->request, "", 0, bytes->from, bytes->bytes}, out);
  else
    return false;
  return true;
}

void CopyClient::answer(CopyAnswer answer, ClientOutbox& out) {
  if (open_.erase(answer.number) > 0) out.copy_answers.push_back(std::move(answer));
}

void CopyClient::on_lost(ProcessId peer, const std::string& why, ClientOutbox& out) {
  std::vector<std::uint64_t> unanswered;
  for (const auto& [number, asked] : open_)
    if (asked == peer) unanswered.push_back(number);
  for (const std::uint64_t number : unanswered) answer({number, "the node daemon that keeps it is gone: " + why}, out);
  if (made_for_.erase(peer) > 0 && !home_.is_none()) out.send(home_.process, OwnerGone{peer});
}

void CopyClient::on_node_died(ProcessId daemon, const std::string& why, ClientOutbox& out) {
  dead_[daemon] = why;
  on_lost(daemon, why, out);
}

}  // namespace Atoll
