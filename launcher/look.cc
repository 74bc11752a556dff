#include "launcher/look.h"

#include <algorithm>
#include <utility>

namespace Atoll {

Result<StateTable> look(StateClient& client, ListRequest request, Duration head_timeout) {
  ATOLL_RETURN_IF_ERROR(resolve_nodes(client.peers(), request.question));
  const StateKind kind = request.question.kind;
  const bool others_know = kind == StateKind::kWorkers || kind == StateKind::kObjects || kind == StateKind::kTasks ||
                           kind == StateKind::kRefs;
  StateClient::Answer answer = client.ask(request.question, others_know ? kLookPatience : head_timeout);
  if (!others_know && !answer.silent.empty()) return Status(Code::kUnavailable, "the cluster's head does not answer");
  StateTable table = make_table(request, client.peers(), std::move(answer.rows));
  table.total = answer.total;
  table.finished = answer.finished;
  table.failed = answer.failed;
  std::ranges::sort(answer.silent);
  for (const std::string& who : answer.silent)
    table.warnings.push_back(who + " does not answer: what it knows is missing");
  return table;
}

}  // namespace Atoll
