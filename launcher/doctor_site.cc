#include "launcher/doctor_site.h"

#include <map>
#include <set>
#include <sstream>

#include "launcher/capture.h"
#include "launcher/scrub.h"
#include "launcher/site.h"
#include "runtime/base/nodelist.h"

namespace Atoll {
namespace {

constexpr Duration kShort = std::chrono::seconds(10);
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

const std::string kFactsMark = "atoll-facts ";

// What has come of one node's facts.
struct FactsLines {
  std::size_t count = 0;
  std::map<std::size_t, std::string> parts;
};

void take_facts_line(const std::string& line, std::map<std::string, FactsLines>& found) {
  if (!line.starts_with(kFactsMark)) return;
  std::istringstream words(line.substr(kFactsMark.size()));
  std::string node, part;
  std::size_t number = 0, count = 0;
  char slash = 0;
  if (!(words >> node >> number >> slash >> count) || slash != '/' || words.get() != ' ') return;
  std::getline(words, part);
  found[node].count = count;
  found[node].parts[number] = part;
}

std::string join(const std::vector<std::string>& nodes) {
  std::string text;
  for (const std::string& node : nodes) text += (text.empty() ? "" : ",") + node;
  return text;
}

// Slurm's "*" (does not answer) and other marks stand behind the state.
std::string plain(const std::string& state) { return state.substr(0, state.find_first_of("*~#!%$@^-+")); }

bool takes_jobs(const std::string& state) {
  return state.find('*') == std::string::npos && (plain(state) == "idle" || plain(state) == "mixed");
}

class SiteVisit {
 public:
  SiteVisit(const SiteRequest& request, const Environment& environment) : request_(request), environment_(environment) {
    in_job_ = environment.contains("SLURM_JOB_ID");
    for (const std::string& name : names_to_unset(environment_, false)) environment_.erase(name);
  }

  Result<SiteAnswers> ask() {
    std::vector<std::string> nodes;
    const Status status = in_job_ ? nodes_of_job(nodes) : nodes_of_site(nodes);
    if (!status.ok()) return status;
    if (nodes.empty()) return answers_;
    const Result<Captured> said = capture_all(srun_words(nodes), environment_, request_.patience, kMostBytes);
    if (!said.ok()) return said.status();
    answers_.nodes = find_facts(said->text);
    name_silent(nodes, *said);
    return answers_;
  }

 private:
  Status nodes_of_job(std::vector<std::string>& nodes) {
    const std::string& list =
        request_.nodelist.empty() ? lookup(environment_, "SLURM_JOB_NODELIST") : request_.nodelist;
    Result<std::vector<std::string>> expanded = expand_nodelist(list);
    if (!expanded.ok()) return expanded.status();
    nodes = std::move(*expanded);
    return Status();
  }

  Status nodes_of_site(std::vector<std::string>& nodes) {
    std::vector<std::string> words = {"sinfo", "--noheader", "--Node", "--format=%N %T"};
    if (!request_.nodelist.empty()) words.push_back("--nodes=" + request_.nodelist);
    if (!request_.partition.empty()) words.push_back("--partition=" + request_.partition);
    const Result<std::string> text = capture(words, environment_, kShort);
    if (!text.ok()) return text.status();
    const std::vector<NodeState> states = parse_node_states(*text);
    if (states.empty()) return Status(Code::kUnavailable, "sinfo names no nodes: " + text->substr(0, text->find('\n')));
    for (const NodeState& state : states) {
      if (takes_jobs(state.state)) {
        nodes.push_back(state.node);
      } else {
        const bool busy = plain(state.state) == "allocated" || plain(state.state) == "completing";
        note(busy ? Health::kSkipped : Health::kWarning, state.node, "not asked, since Slurm says " + state.state,
             busy ? "" : "see sinfo --list-reasons");
      }
    }
    return Status();
  }

  void note(Health health, const std::string& node, const std::string& says, const std::string& advice) {
    for (Finding& finding : answers_.findings)
      if (finding.health == health && finding.says == says) return finding.nodes.push_back(node);
    answers_.findings.push_back({"nodes", health, {node}, says, advice});
  }

  std::vector<std::string> srun_words(const std::vector<std::string>& nodes) const {
    const std::string count = std::to_string(nodes.size());
    std::vector<std::string> words = {"srun",
                                      "--no-kill",
                                      "--kill-on-bad-exit=0",
                                      "--wait=0",
                                      "-N",
                                      count,
                                      "-n",
                                      count,
                                      "--ntasks-per-node=1",
                                      "--cpu-bind=none",
                                      "--mpi=none",
                                      "--export=ALL",
                                      "--nodelist=" + join(nodes),
                                      "-J",
                                      "atoll-doctor"};
    if (in_job_)
      words.push_back("--overlap");
    else
      words.insert(words.end(), {"--immediate=15", "--time=2", "--mem=64M", "--quiet"});
    if (!in_job_ && !request_.partition.empty()) words.push_back("--partition=" + request_.partition);
    words.insert(words.end(), {own_path(), "doctor", "--facts"});
    return words;
  }

  void name_silent(const std::vector<std::string>& nodes, const Captured& said) {
    std::set<std::string> heard;
    for (const NodeFacts& facts : answers_.nodes) heard.insert(facts.node);
    std::string why = said.in_time ? "gave no answer" : "gave no answer in time";
    std::istringstream lines(said.text);
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("srun: error: ")) {
        why += "; srun says: " + line.substr(13);
        break;
      }
    for (const std::string& node : nodes)
      if (!heard.contains(node)) note(Health::kFailed, node, why, "is " + own_path() + " there? see slurmd's log");
  }

  SiteRequest request_;
  Environment environment_;
  bool in_job_ = false;
  SiteAnswers answers_;
};

}  // namespace

Result<SiteAnswers> ask_site(const SiteRequest& request, const Environment& environment) {
  return SiteVisit(request, environment).ask();
}

std::vector<NodeState> parse_node_states(std::string_view text) {
  std::vector<NodeState> states;
  std::set<std::string> seen;  // sinfo has a node once for each partition
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    NodeState state;
    std::string more;
    if (words >> state.node >> state.state && !(words >> more) && seen.insert(state.node).second)
      states.push_back(std::move(state));
  }
  return states;
}

std::string facts_to_lines(const NodeFacts& facts) {
  constexpr std::size_t kChunk = 600;
  const std::string text = facts_to_json(facts);
  const std::size_t count = (text.size() + kChunk - 1) / kChunk;
  std::string lines;
  for (std::size_t i = 0; i < count; ++i)
    lines += kFactsMark + facts.node + " " + std::to_string(i + 1) + "/" + std::to_string(count) + " " +
             text.substr(i * kChunk, kChunk) + "\n";
  return lines;
}

std::vector<NodeFacts> find_facts(std::string_view text) {
  std::map<std::string, FactsLines> found;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) take_facts_line(line, found);
  std::vector<NodeFacts> nodes;
  for (const auto& [node, parts] : found) {
    std::string whole;
    for (const auto& [number, part] : parts.parts) whole += part;
    if (parts.parts.size() != parts.count) continue;
    if (Result<NodeFacts> facts = facts_from_json(whole); facts.ok()) nodes.push_back(std::move(*facts));
  }
  return nodes;
}

}  // namespace Atoll
