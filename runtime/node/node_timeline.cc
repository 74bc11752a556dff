#include "runtime/node/node_timeline.h"

#include <utility>

namespace Atoll {
namespace {

constexpr std::size_t kMostOwn = 1'024;

std::int64_t ns_of(Time time) { return time.time_since_epoch().count(); }

std::uint64_t bytes_of(const WriteSpill& order) {
  std::uint64_t bytes = 0;
  for (const SpillPiece& piece : order.pieces) bytes += piece.bytes;
  return bytes;
}

}  // namespace

NodeTimeline::NodeTimeline(const Options& options)
    : options_(options), sampler_(options.rate), ring_(kMostOwn), store_(kMostOfNodeTimeline) {}

// ---------------------------------------------------------- what others record

void NodeTimeline::handle(Time now, ProcessId from, const GetClock& question, Outbox& out) {
  if (question.records && is_on()) sources_.emplace(from, 0);
  out.send(from, ClockReply{question.sent_ns, ns_of(now), options_.clock, options_.rate});
}

void NodeTimeline::handle(Time, ProcessId from, const TimelineChunk& chunk, Outbox& out) {
  if (is_on()) {
    TimelineChunk kept = chunk;
    kept.process = from;
    store_.add(std::move(kept));
  }
  const auto source = sources_.find(from);
  if (source == sources_.end() || source->second == 0 || chunk.flush < source->second) return;
  source->second = 0;
  if (--unanswered_ == 0) answer_all(out);
}

void NodeTimeline::on_lost(ProcessId process, Outbox& out) {
  const auto source = sources_.extract(process);
  if (!source.empty() && source.mapped() != 0 && --unanswered_ == 0) answer_all(out);
}

void NodeTimeline::handle(Time now, ProcessId from, const GetTimeline& question, Outbox& out) {
  const Ask ask{from, question.after, now + kFlushPatience};
  if (!question.flush || sources_.empty()) return answer(ask, out);
  ++flush_;
  for (auto& [process, unanswered] : sources_) {
    unanswered_ += unanswered == 0 ? 1 : 0;
    unanswered = flush_;
    out.send(process, FlushTimeline{flush_});
  }
  asks_.push_back(ask);
}

void NodeTimeline::on_tick(Time now, Outbox& out) {
  if (!asks_.empty() && asks_.front().limit <= now) answer_all(out);
}

std::optional<Time> NodeTimeline::next_deadline() const {
  return asks_.empty() ? std::nullopt : std::optional(asks_.front().limit);
}

void NodeTimeline::answer_all(Outbox& out) {
  for (const Ask& ask : std::exchange(asks_, {})) answer(ask, out);
}

void NodeTimeline::answer(const Ask& ask, Outbox& out) {
  keep_own();
  TimelinePart part;
  store_.read(ask.after, part);
  part.silent = static_cast<std::uint32_t>(unanswered_);
  part.rate = options_.rate;
  out.send(ask.from, std::move(part));
}

// ------------------------------------------------------- what the daemon does

void NodeTimeline::keep_own() {
  if (ring_.empty()) return;
  TimelineChunk chunk;
  chunk.process = options_.self;
  chunk.pid = options_.pid;
  chunk.role = "daemon";
  ring_.take(chunk);
  store_.add(std::move(chunk));
}

void NodeTimeline::add(TimelineRecord record, const char* name) {
  if (!is_on()) return;
  ring_.add(record, name);
  if (ring_.size() == kMostOwn) keep_own();
}

void NodeTimeline::add_slice(TimelineKind kind, const char* name, Time begin, Time end, TimelineLanes& lanes,
                             TimelineRecord record) {
  record.kind = kind;
  record.begin_ns = ns_of(begin);
  record.end_ns = ns_of(end);
  record.track = lanes.place(record.begin_ns, record.end_ns);
  add(record, name);
}

void NodeTimeline::on_started(Time now, ProcessId worker, Time begin) {
  TimelineRecord record;
  record.process = static_cast<std::uint64_t>(worker);
  add_slice(TimelineKind::kStart, "start worker", begin, now, starts_, record);
}

void NodeTimeline::on_leased(Time now, LeaseId lease, ProcessId worker, ProcessId owner, Time begin) {
  const bool is_long = now - begin >= kTimelineLong;
  const std::uint8_t sample = sampler_.sample_of(lease.sequence);
  if (!is_on() || (!is_long && sample == 0)) return;
  if (sample > 0) sampler_.note(now);
  TimelineRecord record;
  record.process = static_cast<std::uint64_t>(worker);
  record.peer = static_cast<std::uint64_t>(owner);
  if (!is_long) record.weight = static_cast<std::uint8_t>(sample - 1);
  add_slice(TimelineKind::kLease, "lease", begin, now, leases_, record);
}

void NodeTimeline::see(Time now, ObjectOutbox& out) {
  for (const Transfer& transfer : std::exchange(out.transfers, {})) {
    TimelineRecord record;
    record.peer = static_cast<std::uint64_t>(transfer.from);
    record.amount = transfer.bytes;
    add_slice(TimelineKind::kTransfer, "transfer", transfer.begin, now, transfers_, record);
  }
  if (!is_on()) return;
  for (const SpillOrder& order : out.spills) {  // those that were seen are still there until they are carried out
    if (const auto* write = std::get_if<WriteSpill>(&order))
      spilling_.try_emplace({write->file, 0}, Spilling{now, bytes_of(*write)});
    if (const auto* read = std::get_if<ReadSpill>(&order))
      spilling_.try_emplace({read->file, read->piece.copy}, Spilling{now, read->piece.bytes});
  }
}

void NodeTimeline::on_spill(Time now, const SpillEvent& event) {
  if (const auto* written = std::get_if<SpillWritten>(&event))
    end_spill(now, {written->file, 0}, TimelineKind::kSpill, "spill", false);
  if (const auto* failed = std::get_if<SpillFailed>(&event))
    end_spill(now, {failed->file, 0}, TimelineKind::kSpill, "spill", true);
  if (const auto* read = std::get_if<SpillRead>(&event))
    end_spill(now, {read->file, read->copy}, TimelineKind::kRestore, "restore", !read->failure.empty());
}

void NodeTimeline::end_spill(Time now, std::pair<std::uint64_t, std::uint64_t> what, TimelineKind kind, const char* name,
                             bool failed) {
  const auto spilling = spilling_.extract(what);
  if (spilling.empty()) return;
  TimelineRecord record;
  record.amount = spilling.mapped().bytes;
  record.outcome = failed ? TimelineOutcome::kFailed : TimelineOutcome::kOk;
  add_slice(kind, name, spilling.mapped().begin, now, spills_, record);
}

void NodeTimeline::on_usage(Time now, const NodeUsage& usage) {
  count(now, "object memory used", static_cast<double>(usage.object_bytes_used));
  count(now, "leases", usage.leases);
  count(now, "waiting in bundles", usage.waiting);
  count(now, "workers", usage.workers);
}

void NodeTimeline::count(Time now, const char* name, double value) {
  if (!is_on()) return;
  Counter& counter = counters_[name];
  if (counter.since != Time() && (counter.value == value || now - counter.since < kCountInterval)) return;
  counter = {value, now};
  TimelineRecord record;
  record.kind = TimelineKind::kCounter;
  record.begin_ns = record.end_ns = ns_of(now);
  record.amount = static_cast<std::uint64_t>(value);
  add(record, name);
}

}  // namespace Atoll
