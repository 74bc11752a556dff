#include "launcher/doctor_site.h"

#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "launcher/capture.h"
#include "launcher/doctor_look.h"
#include "launcher/scrub.h"
#include "launcher/site.h"

namespace Atoll {
namespace {

constexpr Duration kShort = std::chrono::seconds(10);
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

// What srun said, and when by our clock, in seconds of the epoch.
struct Answer : Captured {
  double asked = 0, heard = 0;
};

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

class SiteVisit {
 public:
  SiteVisit(const SiteRequest& request, const Environment& environment) : request_(request), environment_(environment) {
    in_job_ = environment.contains("SLURM_JOB_ID");
    for (const std::string& name : names_to_unset(environment_, false)) environment_.erase(name);
  }

  Result<SiteAnswers> ask() {
    const Result<std::vector<NodeState>> states = states_of_nodes();
    if (!states.ok()) return states.status();
    for (const NodeState& state : *states) sort_in(state);
    for (const auto& [partition, nodes] : together_) ask_together(nodes, partition);
    for (const NodeState& node : alone_) ask_nodes({node.node}, node.partition, 1);
    return answers_;
  }

 private:
  Result<std::vector<NodeState>> states_of_nodes() const {
    std::vector<std::string> words = {"sinfo", "--noheader", "--Node", "--format=%N %T %R"};
    const std::string& list =
        request_.nodelist.empty() && in_job_ ? lookup(environment_, "SLURM_JOB_NODELIST") : request_.nodelist;
    if (!list.empty()) words.push_back("--nodes=" + list);
    if (!request_.partition.empty()) words.push_back("--partition=" + request_.partition);
    const Result<std::string> text = capture(words, environment_, kShort);
    if (!text.ok()) return text.status();
    std::vector<NodeState> states = parse_node_states(*text);
    if (states.empty()) return Status(Code::kUnavailable, "sinfo names no nodes: " + text->substr(0, text->find('\n')));
    return states;
  }

  // A job's nodes are its own; elsewhere idle nodes are asked together, and one that is in use alone, since Slurm
  // refuses all where one has no room.
  void sort_in(const NodeState& state) {
    const bool in_use = state.state == "mixed" || state.state == "allocated" || state.state == "completing";
    if (state.state == "idle" || (in_job_ && in_use))
      together_[in_job_ ? "" : state.partition].push_back(state.node);
    else if (state.state == "mixed")
      alone_.push_back(state);
    else if (in_use)
      note(Health::kSkipped, state.node, "not asked, since Slurm says " + state.state, "");
    else
      note(Health::kWarning, state.node, "not asked, since Slurm says " + state.state,
           "see sinfo --list-reasons, sinfo(1)");
  }

  // Where none of them is heard, Slurm has refused them all for the sake of one.
  void ask_together(const std::vector<std::string>& nodes, const std::string& partition) {
    if (nodes.size() == 1) return ask_nodes(nodes, partition, 1);
    const std::size_t before = answers_.nodes.size();
    const std::optional<Answer> said = run_srun(nodes, partition, 5);
    if (!said) return;
    take(*said);
    if (answers_.nodes.size() > before || !said->in_time) return name_silent(nodes, *said);
    for (const std::string& node : nodes) ask_nodes({node}, partition, 1);
  }

  void ask_nodes(const std::vector<std::string>& nodes, const std::string& partition, int immediate) {
    const std::optional<Answer> said = run_srun(nodes, partition, immediate);
    if (!said) return;
    take(*said);
    name_silent(nodes, *said);
  }

  void take(const Answer& said) {
    for (NodeFacts& facts : find_facts(said.text)) {
      facts.asked = said.asked;
      facts.heard = said.heard;
      answers_.nodes.push_back(std::move(facts));
    }
  }

  // Nothing, and the nodes are named, when srun cannot be started or there is no time left.
  std::optional<Answer> run_srun(const std::vector<std::string>& nodes, const std::string& partition, int immediate) {
    const Duration left = deadline_ - now();
    if (left <= Duration::zero()) {
      for (const std::string& node : nodes)
        note(Health::kWarning, node, "not asked, since the time was up", "give more of it: --timeout");
      return std::nullopt;
    }
    const double asked = seconds_of_epoch();
    Result<Captured> said = capture_all(srun_words(nodes, partition, immediate), environment_, left, kMostBytes);
    if (said.ok()) return Answer{std::move(*said), asked, seconds_of_epoch()};
    for (const std::string& node : nodes) note(Health::kFailed, node, said.status().message(), "");
    return std::nullopt;
  }

  void note(Health health, const std::string& node, const std::string& says, const std::string& advice) {
    for (Finding& finding : answers_.findings)
      if (finding.health == health && finding.says == says) return finding.nodes.push_back(node);
    answers_.findings.push_back({"nodes", health, {node}, says, advice});
  }

  std::vector<std::string> srun_words(const std::vector<std::string>& nodes, const std::string& partition,
                                      int immediate) const {
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
      words.insert(words.end(), {"--immediate=" + std::to_string(immediate), "--time=2", "--mem=64M", "--quiet"});
    if (!in_job_ && !partition.empty()) words.push_back("--partition=" + partition);
    words.insert(words.end(), {own_path(), "doctor", "--facts"});
    return words;
  }

  void name_silent(const std::vector<std::string>& nodes, const Captured& said) {
    std::set<std::string> heard;
    for (const NodeFacts& facts : answers_.nodes) heard.insert(facts.node);
    const std::string complaint = complaint_of_srun(said.text);
    const bool busy = complaint.find("busy") != std::string::npos;
    for (const std::string& node : nodes) {
      if (heard.contains(node)) continue;
      if (busy)
        note(Health::kSkipped, node, "not asked, since it has no room now", "");
      else
        note(Health::kFailed, node, (said.in_time ? "gave no answer" : "gave no answer in time") + complaint,
             "is " + own_path() + " there? see slurmd's log");
    }
  }

  static std::string complaint_of_srun(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("srun: error: ")) return "; srun says: " + line.substr(13);
    return "";
  }

  SiteRequest request_;
  Environment environment_;
  bool in_job_ = false;
  Time deadline_ = now() + request_.patience;
  std::map<std::string, std::vector<std::string>> together_;  // by partition
  std::vector<NodeState> alone_;
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
    if (words >> state.node >> state.state >> state.partition && !(words >> more) && seen.insert(state.node).second)
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
