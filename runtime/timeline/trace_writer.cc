#include "runtime/timeline/trace_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/timeline/lanes.h"

namespace Atoll {
namespace {

// Those of drivers that are on no node come after.
constexpr std::uint64_t kElsewhere = 1'000'000;
constexpr std::int64_t kShortest = 1;  // ns

struct KindWords {
  const char* category;
  const char* verb;  // before the name; "" if it has none but its own
};

KindWords words_of(TimelineKind kind) {
  switch (kind) {
    case TimelineKind::kTask: return {"task", ""};
    case TimelineKind::kCall: return {"call", ""};
    case TimelineKind::kConstruct: return {"construct", "construct "};
    case TimelineKind::kSubmit: return {"submit", "submit "};
    case TimelineKind::kGet: return {"get", ""};
    case TimelineKind::kWait: return {"wait", ""};
    case TimelineKind::kNext: return {"stream", ""};
    case TimelineKind::kYield: return {"stream", ""};
    case TimelineKind::kTransfer: return {"transfer", ""};
    case TimelineKind::kSpill: return {"spill", ""};
    case TimelineKind::kRestore: return {"restore", ""};
    case TimelineKind::kStart: return {"start", ""};
    case TimelineKind::kLease: return {"lease", ""};
    case TimelineKind::kCounter: return {"counter", ""};
  }
  return {"other", ""};
}

const char* words_of_tracks(std::uint32_t kind) {
  switch (kind * kTracksOfAKind) {
    case kCallTracks: return " calls";
    case kTransferTracks: return " transfers";
    case kSpillTracks: return " spills";
    case kStartTracks: return " starts";
    case kLeaseTracks: return " leases";
    default: return "";
  }
}

std::string quote(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Without its quotes.
std::string inside(const std::string& quoted) { return quoted.substr(1, quoted.size() - 2); }

// Microseconds, exactly.
std::string micros(std::int64_t ns) {
  const std::uint64_t size = ns < 0 ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  return fmt::format("{}{}.{:03}", ns < 0 ? "-" : "", size / 1000, size % 1000);
}

bool is_run(TimelineKind kind) { return kind == TimelineKind::kTask || kind == TimelineKind::kCall; }

}  // namespace

TraceWriter::TraceWriter(std::ostream& out, std::int64_t since_ns) : out_(out), since_ns_(since_ns) {
  out_ << "{\"traceEvents\":[\n";
}

void TraceWriter::event(const std::string& text) {
  out_ << (is_first_ ? "" : ",\n") << text;
  is_first_ = false;
}

// -------------------------------------------------------------------- who it is

void TraceWriter::know(const TraceNode& node) {
  daemons_[static_cast<std::uint64_t>(node.daemon)] = node.name;
  nodes_.push_back(node);
}

void TraceWriter::name_process(std::uint64_t pid, const std::string& name) {
  if (!processes_.emplace(pid, name).second) return;
  event(fmt::format(R"({{"ph":"M","pid":{},"tid":0,"name":"process_name","args":{{"name":{}}}}})", pid, quote(name)));
  event(fmt::format(R"({{"ph":"M","pid":{},"tid":0,"name":"process_sort_index","args":{{"sort_index":{}}}}})", pid, pid));
}

std::uint64_t TraceWriter::pid_of(const TraceNode& node, const TimelineChunk& chunk) {
  if (!chunk.is_elsewhere) {
    name_process(node.rank + 1, "node " + node.name);
    return node.rank + 1;
  }
  const std::uint64_t pid = elsewhere_.emplace(chunk.process, kElsewhere + elsewhere_.size()).first->second;
  name_process(pid, chunk.role + " " + std::to_string(chunk.pid) + ", on no node");
  return pid;
}

TraceWriter::Track TraceWriter::track_of(const Part& part, std::uint32_t track) {
  const TimelineChunk& chunk = part.chunk;
  const auto [entry, is_new] = tracks_.try_emplace({chunk.process, track}, Named{tracks_.size() + 1, ""});
  Named& named = entry->second;
  std::string name = chunk.role + " " + std::to_string(chunk.pid) + words_of_tracks(track / kTracksOfAKind);
  if (const std::uint32_t lane = track % kTracksOfAKind; lane > 0) name += fmt::format(" #{}", lane + 1);
  if (named.name != name) {  // a worker may have become an actor
    named.name = std::move(name);
    event(fmt::format(R"({{"ph":"M","pid":{},"tid":{},"name":"thread_name","args":{{"name":{}}}}})", part.pid, named.tid,
                      quote(named.name)));
    event(fmt::format(R"({{"ph":"M","pid":{},"tid":{},"name":"thread_sort_index","args":{{"sort_index":{}}}}})", part.pid,
                      named.tid, named.tid));
  }
  return {part.pid, named.tid};
}

// ----------------------------------------------------------------------- slices

void TraceWriter::add(const TraceNode& node, const TimelineChunk& chunk) {
  Part part{node, chunk, pid_of(node, chunk), {}};
  for (const std::string& name : chunk.names) part.names.push_back(quote(name));
  part.names.push_back("\"?\"");  // of a record whose name is not there
  dropped_ += chunk.dropped;
  for (const TimelineRecord& record : records_of(chunk)) write(part, record);
}

void TraceWriter::write(const Part& part, TimelineRecord record) {
  const std::int64_t shift = part.chunk.to_daemon_ns - part.node.clock.offset_ns;
  record.begin_ns += shift;
  record.end_ns = std::max(record.end_ns + shift, record.begin_ns + kShortest);
  if (record.queued_ns != 0) record.queued_ns += shift;
  if (record.end_ns < since_ns_) return;
  record.name = std::min(record.name, static_cast<std::uint32_t>(part.names.size() - 1));
  ++records_;
  if (record.kind == TimelineKind::kCounter) return write_counter(part, record);
  const Track track = track_of(part, record.track);
  write_slice(part, record, track);
  keep_site(record, track);
}

void TraceWriter::write_counter(const Part& part, const TimelineRecord& record) {
  event(fmt::format(R"({{"ph":"C","pid":{},"tid":0,"ts":{},"name":{},"args":{{"value":{}}}}})", part.pid,
                    micros(record.begin_ns), part.names[record.name], record.amount));
}

void TraceWriter::write_slice(const Part& part, const TimelineRecord& record, const Track& track) {
  const KindWords words = words_of(record.kind);
  event(fmt::format(R"({{"ph":"X","pid":{},"tid":{},"ts":{},"dur":{},"cat":"{}","name":"{}{}","args":{{{}}}}})", track.pid,
                    track.tid, micros(record.begin_ns), micros(record.end_ns - record.begin_ns), words.category, words.verb,
                    inside(part.names[record.name]), arguments_of(record)));
}

std::string TraceWriter::arguments_of(const TimelineRecord& record) const {
  std::string text;
  const auto say = [&text](const char* key, const std::string& value) {
    text += fmt::format(R"({}"{}":{})", text.empty() ? "" : ",", key, value);
  };
  const auto say_id = [&say](const char* key, std::uint64_t process, std::uint64_t sequence) {
    if (process != 0) say(key, "\"" + (sequence == 0 ? to_string(ProcessId(process)) : to_string(process, sequence)) + "\"");
  };
  say_id("id", record.process, record.sequence);
  if (is_run(record.kind)) {
    say_id("caller", record.peer, 0);
    if (record.queued_ns != 0) say("queued_us", micros(std::max<std::int64_t>(0, record.begin_ns - record.queued_ns)));
    if (record.depth > 0) say("depth", std::to_string(record.depth));
  }
  if (record.outcome != TimelineOutcome::kOk)
    say("outcome", record.outcome == TimelineOutcome::kFailed ? "\"failed\"" : "\"cancelled\"");
  if (record.weight > 0) say("stands_for", std::to_string(std::uint64_t{1} << std::min<int>(record.weight, 63)));
  if (record.kind == TimelineKind::kSubmit) say_id("parent", record.peer, record.amount);
  if (record.kind == TimelineKind::kWait) say("count", std::to_string(record.amount));
  if (record.kind == TimelineKind::kLease) say_id("owner", record.peer, 0);
  if (record.kind == TimelineKind::kSpill || record.kind == TimelineKind::kRestore) say("bytes", std::to_string(record.amount));
  if (record.kind == TimelineKind::kTransfer) {
    say("bytes", std::to_string(record.amount));
    const auto from = daemons_.find(record.peer);
    if (from != daemons_.end()) say("from", quote(from->second));
  }
  return text;
}

void TraceWriter::keep_site(const TimelineRecord& record, const Track& track) {
  const Site site{record.process, record.sequence, record.begin_ns, record.end_ns, track};
  if (is_run(record.kind)) {
    runs_.push_back(site);
    stand_for_ += std::uint64_t{1} << std::min<int>(record.weight, 63);
  }
  if (record.kind == TimelineKind::kSubmit) submits_.push_back(site);
  if (record.kind == TimelineKind::kGet) gets_.push_back(site);
}

// ----------------------------------------------------------------------- arrows

void TraceWriter::write_flow(const char* name, const Track& from, std::int64_t from_ns, const Track& to, std::int64_t to_ns) {
  if (to_ns < from_ns) {
    ++backwards_;
    return;
  }
  const auto end = [&](const char* phase, const Track& track, std::int64_t ns) {
    event(fmt::format(R"({{"ph":{},"id":{},"pid":{},"tid":{},"ts":{},"cat":"flow","name":"{}"}})", phase, flows_, track.pid,
                      track.tid, micros(ns), name));
  };
  ++flows_;
  end(R"("s")", from, from_ns);
  end(R"("f","bp":"e")", to, to_ns);
}

void TraceWriter::write_flows() {
  std::ranges::stable_sort(submits_, [](const Site& a, const Site& b) { return a < b; });
  std::ranges::stable_sort(runs_, [](const Site& a, const Site& b) { return a < b; });
  const auto find_last = [](const std::vector<Site>& sites, const Site& of) -> const Site* {
    const auto after = std::upper_bound(sites.begin(), sites.end(), of, [](const Site& a, const Site& b) { return a < b; });
    if (after == sites.begin() || (*std::prev(after) <=> of) != 0) return nullptr;
    return &*std::prev(after);
  };
  for (const Site& run : runs_)
    if (const Site* submit = find_last(submits_, run))
      write_flow("submit", submit->track, submit->begin_ns, run.track, run.begin_ns);
  for (const Site& got : gets_)
    if (const Site* run = find_last(runs_, got))
      write_flow("result", run->track, run->end_ns - kShortest, got.track, got.end_ns - kShortest);
}

void TraceWriter::finish(const TraceSummary& summary) {
  write_flows();
  nlohmann::ordered_json about;
  about["cluster"] = summary.cluster;
  about["time_at_0"] = summary.when;
  about["tasks_recorded"] = runs_.size();
  about["tasks_about"] = stand_for_;
  about["rate"] = summary.rate;
  about["sampling"] = fmt::format(
      "of the tasks and calls that a process submits {} a second are recorded, beyond that one of 2, 4, 8 ... (stands_for); "
      "what takes 1 ms or longer is recorded always", summary.rate);
  about["records_dropped"] = summary.dropped + dropped_;
  about["arrows_left_out"] = backwards_;
  about["missing"] = summary.missing;
  for (const TraceNode& node : nodes_)
    about["clocks"].push_back({{"node", node.name}, {"offset_ns", node.clock.offset_ns}, {"error_ns", node.clock.error_ns}});
  out_ << "\n],\n\"displayTimeUnit\":\"ms\",\n\"otherData\":"
       << about.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "}\n";
}

}  // namespace Atoll
