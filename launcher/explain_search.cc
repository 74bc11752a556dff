#include "launcher/explain_search.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "runtime/state/cells.h"

namespace Atoll {
namespace {

constexpr int kMost = 10'000;
// Of one question: more are asked for in several.
constexpr std::size_t kMostIds = 1'000;

const char* id_key(StateKind kind) { return kind == StateKind::kNodes ? "node" : "id"; }

bool may_be_id(const std::string& typed) {
  return !typed.empty() && typed.front() != '-' && typed.find_first_not_of("0123456789abcdef-") == std::string::npos;
}

std::string pid_of(const StateRecord& record) {
  return std::to_string(count_of(record.number("pid")));
}

// The processes that an explanation of it names.
void add_named(const StateRecord& record, std::set<std::string>& ids) {
  static const std::map<StateKind, std::vector<const char*>> kKeys = {{StateKind::kWorkers, {"owner"}},
                                                                      {StateKind::kActors, {"process"}},
                                                                      {StateKind::kTasks, {"process"}},
                                                                      {StateKind::kObjects, {"owner", "maker"}},
                                                                      {StateKind::kRefs, {"process", "owner"}}};
  if (const auto keys = kKeys.find(record.kind); keys != kKeys.end())
    for (const char* key : keys->second) ids.insert(record.text(key));
  for (const std::string& holder : record.list("holders")) ids.insert(holder.substr(0, holder.find(' ')));
  for (const std::string& borrower : record.list("borrowers")) ids.insert(borrower);
}

std::vector<std::string> named_in(const ExplainSearch::Found& found) {
  std::set<std::string> ids;
  add_named(found.thing, ids);
  for (const StateRecord& copy : found.facts.copies) add_named(copy, ids);
  for (const StateRecord& ref : found.facts.refs) add_named(ref, ids);
  ids.erase("");
  return {ids.begin(), ids.end()};
}

}  // namespace

Result<std::vector<StateRecord>> ExplainSearch::get(StateKind kind, const std::vector<std::string>& filters) {
  ListOptions options;
  options.kind = info_of(kind).name;
  options.filters = filters;
  options.limit = kMost;
  options.json = true;  // all columns
  const Result<ListRequest> request = make_list_request(options);
  return request.ok() ? ask(*request) : request.status();
}

Result<std::vector<StateRecord>> ExplainSearch::get_any(StateKind kind, const std::vector<std::string>& ids,
                                                        const std::string& columns) {
  std::vector<StateRecord> all;
  for (std::size_t from = 0; from < ids.size(); from += kMostIds) {
    ListOptions options;
    options.kind = info_of(kind).name;
    options.filters = {"id=" + ids[from]};
    options.columns = columns;
    options.limit = kMost;
    Result<ListRequest> request = make_list_request(options);
    if (!request.ok()) return request.status();
    const std::span<const std::string> others =
        std::span(ids).subspan(from, std::min(kMostIds, ids.size() - from)).subspan(1);
    request->question.filters[0].others.assign(others.begin(), others.end());
    Result<std::vector<StateRecord>> some = ask(*request);
    if (!some.ok()) return some;
    std::ranges::move(*some, std::back_inserter(all));
  }
  return all;
}

Result<std::vector<StateRecord>> ExplainSearch::ask(const ListRequest& request) {
  Result<StateTable> table = look(client_, request, timeout_);
  if (!table.ok()) return table.status();
  for (const std::string& warning : table->warnings)
    if (std::ranges::find(warnings_, warning) == warnings_.end()) warnings_.push_back(warning);
  std::vector<StateRecord> records;
  for (StateRow& row : table->rows) {
    StateRecord record{request.question.kind, {}};
    for (std::size_t i = 0; i < table->columns.size(); ++i)
      record.cells[table->columns[i]->key] = std::move(row.cells[i]);
    records.push_back(std::move(record));
  }
  return records;
}

Status ExplainSearch::add(StateKind kind, const std::string& filter, std::vector<Found>& found) {
  Result<std::vector<StateRecord>> records = get(kind, {filter});
  if (!records.ok()) return records.status();
  for (StateRecord& record : *records) {
    std::string id = record.text(id_key(kind));
    const bool known =
        std::ranges::any_of(found, [&](const Found& each) { return each.thing.kind == kind && each.id == id; });
    if (!known) found.push_back({std::move(record), std::move(id), {}});
  }
  return Status();
}

// The copies of an object are one thing.
Status ExplainSearch::add_objects(const std::string& typed, std::vector<Found>& found) {
  Result<std::vector<StateRecord>> copies = get(StateKind::kObjects, {"id=" + typed});
  if (!copies.ok()) return copies.status();
  Result<std::vector<StateRecord>> refs = get(StateKind::kRefs, {"id=" + typed});
  if (!refs.ok()) return refs.status();
  const auto entry_of = [&found](const std::string& id) {
    return std::ranges::find_if(
        found, [&id](const Found& each) { return each.thing.kind == StateKind::kObjects && each.id == id; });
  };
  // The first one first, which is no other node's.
  std::ranges::stable_partition(*copies, [](const StateRecord& copy) { return !copy.has("fetched_from"); });
  for (const StateRecord& copy : *copies) {
    const auto known = entry_of(copy.text("id"));
    if (known == found.end())
      found.push_back({copy, copy.text("id"), {}});
    else
      known->facts.copies.push_back(copy);
  }
  for (const StateRecord& ref : *refs) {
    auto known = entry_of(ref.text("id"));
    // What is not made yet is its task's matter.
    if (known == found.end() &&
        std::ranges::any_of(found, [&](const Found& each) { return each.id == ref.text("id"); }))
      continue;
    if (known == found.end()) {
      found.push_back({StateRecord{StateKind::kObjects, {}}, ref.text("id"), {}, /*is_ref=*/true});
      known = found.end() - 1;
    }
    known->facts.refs.push_back(ref);
  }
  return Status();
}

Result<std::vector<ExplainSearch::Found>> ExplainSearch::find(const std::string& typed) {
  std::vector<Found> found;
  const bool is_node = std::ranges::find(client_.peers().nodes, typed, &PeerNode::name) != client_.peers().nodes.end();
  if (is_node) ATOLL_RETURN_IF_ERROR(add(StateKind::kNodes, "node=" + typed, found));
  for (const StateKind kind : {StateKind::kActors, StateKind::kGroups})
    if (found.empty()) ATOLL_RETURN_IF_ERROR(add(kind, "name=" + typed, found));
  if (found.empty() && may_be_id(typed) && typed.find('-') == std::string::npos) {
    for (const StateKind kind : {StateKind::kWorkers, StateKind::kJobs})
      ATOLL_RETURN_IF_ERROR(add(kind, "id=" + typed, found));
    ATOLL_RETURN_IF_ERROR(add(StateKind::kNodes, "process=" + typed, found));
  } else if (found.empty() && may_be_id(typed)) {
    for (const StateKind kind : {StateKind::kActors, StateKind::kGroups, StateKind::kTasks})
      ATOLL_RETURN_IF_ERROR(add(kind, "id=" + typed, found));
    ATOLL_RETURN_IF_ERROR(add_objects(typed, found));
  }
  for (Found& each : found) ATOLL_RETURN_IF_ERROR(add_facts(each));
  return found;
}

Status ExplainSearch::add_facts(Found& found) {
  const StateRecord& thing = found.thing;
  if (thing.kind == StateKind::kNodes || thing.kind == StateKind::kGroups) return Status();
  ATOLL_RETURN_IF_ERROR(add_processes(found));
  const char* key = thing.kind == StateKind::kWorkers  ? "process"
                    : thing.kind == StateKind::kActors ? "actor"
                    : thing.kind == StateKind::kJobs   ? "owner"
                                                       : nullptr;
  if (key != nullptr) {
    std::vector<std::string> filters = {std::string(key) + "=" + found.id, "state!=failed", "state!=cancelled"};
    // A leased worker has tasks of the lease's owner alone; an actor has calls of anybody.
    if (thing.kind == StateKind::kWorkers && thing.has("owner")) filters.push_back("owner=" + thing.text("owner"));
    Result<std::vector<StateRecord>> tasks = get(StateKind::kTasks, filters);
    if (!tasks.ok()) return tasks.status();
    found.facts.tasks = std::move(*tasks);
  }
  if (thing.kind == StateKind::kTasks && thing.text("state") == "queued") {
    Result<std::vector<StateRecord>> requests = get(StateKind::kRequests, {"owner=" + thing.text("owner")});
    if (!requests.ok()) return requests.status();
    found.facts.requests = std::move(*requests);
  }
  return Status();
}

// Those that are to be named, and no other.
Status ExplainSearch::add_processes(Found& found) {
  ExplainFacts& facts = found.facts;
  for (const PeerNode& node : client_.peers().nodes) {
    facts.processes[to_string(node.daemon.process)] = daemon_words(node.name);
    if (!node.alive) facts.dead_nodes.insert(node.name);
  }
  std::vector<std::string> ids = named_in(found);
  const auto forget_known = [&] {
    std::erase_if(ids, [&](const std::string& id) { return facts.processes.contains(id); });
  };
  forget_known();
  Result<std::vector<StateRecord>> jobs = get_any(StateKind::kJobs, ids, "id,pid,host");
  if (!jobs.ok()) return jobs.status();
  for (const StateRecord& job : *jobs)
    facts.processes[job.text("id")] = "driver " + pid_of(job) + " on " + job.text("host");
  forget_known();
  Result<std::vector<StateRecord>> workers = get_any(StateKind::kWorkers, ids, "id,pid,node,work");
  if (!workers.ok()) return workers.status();
  for (const StateRecord& worker : *workers)
    facts.processes[worker.text("id")] =
        "worker " + pid_of(worker) + " on " + worker.text("node") + " (" + worker.text("work") + ")";
  return Status();
}

}  // namespace Atoll
