// What a process keeps of its timeline, and of how many tasks; what a daemon keeps of its node's; and their clocks.

#include <doctest/doctest.h>
#include <malloc.h>

#include <limits>
#include <random>

#include "runtime/timeline/clock_offset.h"
#include "runtime/timeline/lanes.h"
#include "runtime/timeline/recorder.h"
#include "runtime/timeline/store.h"

namespace {

using namespace Atoll;
using std::chrono::milliseconds;

TimelineRecord record(std::int64_t begin, std::int64_t end, std::uint64_t sequence = 0) {
  TimelineRecord made;
  made.sequence = sequence;
  made.begin_ns = begin;
  made.end_ns = end;
  return made;
}

TimelineChunk chunk_of(std::size_t records, std::uint64_t first = 0) {
  TimelineRing ring(records + 1);
  for (std::size_t i = 0; i < records; ++i) ring.add(record(0, 1, first + i), "f");
  TimelineChunk chunk;
  chunk.process = ProcessId(7);
  ring.take(chunk);
  return chunk;
}

// Submits `rate` a second for `length`; how many were chosen.
std::uint64_t run(TimelineSampler& sampler, Time& at, std::uint64_t& sequence, double rate, Duration length) {
  std::uint64_t chosen = 0;
  const Duration step(static_cast<std::int64_t>(1e9 / rate));
  for (const Time end = at + length; at < end; at += step) {
    if (!sampler.chooses(++sequence)) continue;
    ++chosen;
    sampler.note(at);
  }
  return chosen;
}

}  // namespace

TEST_CASE("SAMPLE-1 a number is chosen or not, whoever asks, and with the level's weight") {
  TimelineSampler sampler(10);
  for (int i = 0; i < 5; ++i) sampler.note(Time());
  REQUIRE(sampler.level() > 0);
  for (std::uint64_t sequence = 1; sequence < 1000; ++sequence) {
    CHECK(sampler.chooses(sequence) == (sampler.sample_of(sequence) > 0));
    if (sampler.chooses(sequence)) CHECK(sampler.sample_of(sequence) == 1 + sampler.level());
  }
}

TEST_CASE("SAMPLE-2 one in 2^level is chosen of all numbers, of every second and of every tenth") {
  TimelineSampler sampler(10);
  while (sampler.level() < 4) sampler.note(Time());
  for (const std::uint64_t step : {1, 2, 10}) {
    std::uint64_t chosen = 0;
    for (std::uint64_t i = 1; i <= 100'000; ++i) chosen += sampler.chooses(i * step) ? 1 : 0;
    CHECK(chosen > 100'000 / 16 * 0.95);
    CHECK(chosen < 100'000 / 16 * 1.05);
  }
}

TEST_CASE("SAMPLE-3 of 400,000 tasks a second about the rate is chosen") {
  TimelineSampler sampler(1000);
  Time at = Time() + std::chrono::hours(1);
  std::uint64_t sequence = 0;
  CHECK(run(sampler, at, sequence, 400'000, milliseconds(500)) < 2'000);  // it finds the level meanwhile
  const std::uint64_t chosen = run(sampler, at, sequence, 400'000, milliseconds(2000));
  CHECK(chosen > 500);
  CHECK(chosen <= 4'000);
}

TEST_CASE("SAMPLE-4 who slows down is seen whole again") {
  TimelineSampler sampler(1000);
  Time at = Time() + std::chrono::hours(1);
  std::uint64_t sequence = 0;
  const std::uint64_t chosen = run(sampler, at, sequence, 300, milliseconds(1000));
  CHECK(chosen == sequence);
  run(sampler, at, sequence, 400'000, milliseconds(1000));
  CHECK(sampler.level() > 6);
  run(sampler, at, sequence, 300, milliseconds(10'000));
  CHECK(sampler.level() == 0);
}

TEST_CASE("a rate of 0 chooses nothing") {
  const TimelineSampler sampler(0);
  for (std::uint64_t sequence = 0; sequence < 1000; ++sequence) CHECK(sampler.sample_of(sequence) == 0);
  CHECK_FALSE(sampler.chooses(0));
}

TEST_CASE("RING-1 RING-2 the latest records are kept, in order, with their names, and taken once") {
  TimelineRing ring(4);
  for (std::uint64_t i = 0; i < 7; ++i) ring.add(record(0, 1, i), i % 2 == 0 ? "even" : "odd");
  CHECK(ring.size() == 4);
  TimelineChunk chunk;
  ring.take(chunk);
  CHECK(chunk.dropped == 3);
  const std::vector<TimelineRecord> records = records_of(chunk);
  REQUIRE(records.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(records[i].sequence == 3 + i);
    CHECK(chunk.names.at(records[i].name) == (i % 2 == 1 ? "even" : "odd"));
  }
  CHECK(ring.empty());
  ring.take(chunk);
  CHECK(chunk.records.empty());
  CHECK(chunk.dropped == 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // whose heaps do not tell
TEST_CASE("RING-2 what was taken leaves no memory behind") {
  TimelineRing ring(8'192);
  const auto in_use = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
  const std::size_t before = in_use();
  for (int i = 0; i < 8'192; ++i) ring.add(record(0, 1), "f");
  CHECK(in_use() - before > 8'192 * sizeof(TimelineRecord) / 2);
  {
    TimelineChunk chunk;
    ring.take(chunk);
  }
  CHECK(in_use() - before < 4'096);
}
#endif

TEST_CASE("a process with a million names keeps some thousands of them") {
  TimelineRing ring(10'000);
  for (int i = 0; i < 10'000; ++i) ring.add(record(0, 1), "f" + std::to_string(i));
  TimelineChunk chunk;
  ring.take(chunk);
  CHECK(chunk.names.size() == kMostTimelineNames + 1);
  CHECK(chunk.names.back() == "...");
  CHECK(records_of(chunk).back().name == kMostTimelineNames);
}

TEST_CASE("a chunk that was cut short has whole records") {
  TimelineChunk chunk = chunk_of(3);
  chunk.records.resize(chunk.records.size() - 1);
  CHECK(records_of(chunk).size() == 2);
}

TEST_CASE("RECORD-1 what is recorded is due soon, at once when there is much, and taken when it is asked for") {
  TimelineRecorder recorder;
  TimelineChunk who;
  who.role = "driver";
  recorder.begin(who, 5);
  CHECK(recorder.due() == Time::max());
  CHECK_FALSE(recorder.take());
  const Time at = Time() + milliseconds(10);
  recorder.add(at, record(1, 2), "f");
  CHECK(recorder.due() == at + TimelineRecorder::kHandOver);
  const std::optional<TimelineChunk> chunk = recorder.take();
  REQUIRE(chunk);
  CHECK(chunk->role == "driver");
  CHECK(count_records(*chunk) == 1);
  CHECK(recorder.due() == Time::max());
  REQUIRE(recorder.take(3));  // though there is nothing
  for (std::size_t i = 0; i < TimelineRecorder::kMost / 2; ++i) recorder.add(at, record(1, 2), "f");
  CHECK(recorder.due() == at);
}

TEST_CASE("RECORD-2 nothing is kept where nothing is to be recorded") {
  TimelineRecorder recorder;
  recorder.add(Time(), record(1, 2), "f");
  CHECK_FALSE(recorder.take());  // before begin()
  recorder.begin({}, 5);
  recorder.add(Time(), record(1, 2), "f");
  CHECK_FALSE(recorder.on_clock(Time(), {0, 0, 5, /*rate=*/0}));
  CHECK_FALSE(recorder.is_on());
  CHECK(recorder.due() == Time::max());
  recorder.add(Time(), record(1, 2), "f");
  CHECK_FALSE(recorder.take());
}

TEST_CASE("who reads the daemon's clock asks for it once, another host some times, and says how far it is off") {
  TimelineRecorder here, elsewhere;
  here.begin({}, 5);
  CHECK_FALSE(here.on_clock(Time() + Duration(20), {10, 1'000, 5, 1'000}));
  CHECK(here.take(1)->to_daemon_ns == 0);
  CHECK_FALSE(here.take(1)->is_elsewhere);
  elsewhere.begin({}, 6);
  int asked = 1;
  while (elsewhere.on_clock(Time() + Duration(20), {10, 1'015, 5, 1'000})) ++asked;
  CHECK(asked == TimelineRecorder::kClockSamples);
  CHECK(elsewhere.take(1)->to_daemon_ns == 1'000);
  CHECK(elsewhere.take(1)->is_elsewhere);
}

TEST_CASE("KEPT-1 a daemon keeps the latest chunks and counts the records that gave way") {
  TimelineStore store(100'000);
  for (std::uint64_t i = 0; i < 100; ++i) store.add(chunk_of(100, i * 100));
  CHECK(store.bytes() <= 100'000);
  TimelinePart part;
  store.read(0, part);
  REQUIRE(part.is_end);
  std::uint64_t kept = 0;
  for (const TimelineChunk& chunk : part.chunks) kept += count_records(chunk);
  CHECK(kept + part.dropped == 10'000);
  CHECK(records_of(part.chunks.back()).back().sequence == 9'999);
}

TEST_CASE("KEPT-2 who reads on sees each chunk once, in parts, and those that came meanwhile") {
  TimelineStore store(100'000'000);
  for (std::uint64_t i = 0; i < 1'000; ++i) store.add(chunk_of(100, i * 100));
  std::uint64_t next = 0, parts = 0;
  TimelinePart part;
  for (std::uint64_t after = 0; parts == 0 || !part.is_end; after = part.last, ++parts) {
    part = {};
    store.read(after, part);
    for (const TimelineChunk& chunk : part.chunks)
      for (const TimelineRecord& each : records_of(chunk)) CHECK(each.sequence == next++);
    if (parts == 0) store.add(chunk_of(100, 100'000));
  }
  CHECK(next == 100'100);
  CHECK(parts > 5);
  TimelinePart rest;
  store.read(part.last, rest);
  CHECK(rest.chunks.empty());
  store.read(part.last + 1'000, rest);
  CHECK(rest.is_end);
}

TEST_CASE("TRACKS-1 what overlaps lies on tracks of its own, and what does not shares one") {
  TimelineLanes lanes(100, 3);
  CHECK(lanes.place(0, 10) == 100);
  CHECK(lanes.place(5, 20) == 101);
  CHECK(lanes.place(10, 30) == 100);
  CHECK(lanes.place(12, 15) == 102);
  CHECK(lanes.place(13, 14) == 102);  // there are no more
  CHECK(lanes.place(40, 50) == 100);
}

TEST_CASE("a clock's offset is that of the shortest trip, and the truth lies within its error") {
  CHECK(estimate_offset({}).error_ns == std::numeric_limits<std::int64_t>::max());
  const ClockSample backwards[] = {{10, 500, 5}};
  CHECK(estimate_offset(backwards).error_ns == std::numeric_limits<std::int64_t>::max());
  const ClockSample two[] = {{1'000, 51'600, 2'000}, {3'000, 53'100, 3'200}};
  CHECK(estimate_offset(two) == ClockOffset{50'000, 100});

  std::mt19937_64 random(7);
  for (int round = 0; round < 1'000; ++round) {
    const std::int64_t truth = static_cast<std::int64_t>(random() % 2'000'000'000'000) - 1'000'000'000'000;
    std::vector<ClockSample> samples;
    std::int64_t at = 5'000'000;
    for (int i = 0; i < 8; ++i) {
      const auto there = static_cast<std::int64_t>(random() % 100'000), back = static_cast<std::int64_t>(random() % 100'000);
      samples.push_back({at, at + there + truth, at + there + back});
      at += there + back;
    }
    const ClockOffset found = estimate_offset(samples);
    CHECK(std::abs(found.offset_ns - truth) <= found.error_ns);
    CHECK(found.error_ns <= 100'000);
  }
}
