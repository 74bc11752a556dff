#include "launcher/list_request.h"

#include <algorithm>
#include <sstream>

#include "runtime/base/nodelist.h"

namespace Atoll {
namespace {

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, by);)
    if (!word.empty()) words.push_back(word);
  return words;
}

Status choose_columns(const ListOptions& options, ListRequest& request) {
  const StateKindInfo& info = info_of(request.question.kind);
  request.chosen = !options.columns.empty();
  if (!request.chosen && options.json)
    for (const StateColumn& column : info.columns) request.shown.push_back(&column);
  const std::string keys = request.chosen ? options.columns : options.json ? "" : std::string(info.shown);
  for (const std::string& key : split(keys, request.chosen ? ',' : ' ')) {
    Result<const StateColumn*> column = parse_column(info.kind, key);
    if (!column.ok()) return column.status().prefixed("--columns");
    request.shown.push_back(*column);
  }
  if (request.shown.empty()) return Status(Code::kInvalidArgument, "--columns names none");
  return Status();
}

// What is not shown but needed to put answers together stands behind what is.
void add_hidden(GetState& question, const std::string& key) {
  if (!key.empty() && std::ranges::find(question.columns, key) == question.columns.end())
    question.columns.push_back(key);
}

}  // namespace

Result<ListRequest> make_list_request(const ListOptions& options) {
  ListRequest request;
  GetState& question = request.question;
  Result<StateKind> kind = parse_state_kind(options.kind);
  if (!kind.ok()) return kind.status();
  question.kind = *kind;
  ATOLL_RETURN_IF_ERROR(choose_columns(options, request));
  for (const std::string& text : options.filters) {
    Result<StateFilter> filter = parse_filter(question.kind, text);
    if (!filter.ok()) return filter.status().prefixed("--filter");
    question.filters.push_back(*filter);
  }
  if (!options.sort.empty()) {
    question.descending = options.sort.front() == '-';
    question.sort = options.sort.substr(question.descending ? 1 : 0);
    if (Result<const StateColumn*> column = parse_column(question.kind, question.sort); !column.ok())
      return column.status().prefixed("--sort");
  }
  if (options.limit < 1 || options.limit > static_cast<int>(kMostRows))
    return Status(Code::kInvalidArgument, "--limit is from 1 to " + std::to_string(kMostRows));
  question.limit = static_cast<std::uint32_t>(options.limit);
  for (const StateColumn* column : request.shown) question.columns.push_back(column->key);
  add_hidden(question, question.sort);
  return request;
}

Status resolve_nodes(const Peers& peers, GetState& question) {
  for (StateFilter& filter : question.filters) {
    const StateColumn* column = find_column(question.kind, filter.key);
    if (column == nullptr || (column->type != ColumnType::kNode && column->type != ColumnType::kDaemon)) continue;
    const auto node = std::ranges::find(peers.nodes, filter.text, &PeerNode::name);
    if (node == peers.nodes.end()) {
      std::vector<std::string> names;
      for (const PeerNode& each : peers.nodes) names.push_back(each.name);
      return Status(Code::kInvalidArgument, "no node is called \"" + filter.text + "\", but " + join_names(names));
    }
    if (column->type == ColumnType::kNode)
      filter.number = static_cast<double>(node - peers.nodes.begin());
    else
      filter.text = to_string(node->daemon.process);
  }
  return Status();
}

}  // namespace Atoll
