// Whatever processes answer to a tool that looks at them, and whatever a tool asks of a table: there is a table for
// people and JSON for scripts, with as many columns as were asked for. Whatever is to be gathered, it is answered once.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "launcher/explain_text.h"
#include "launcher/state_table.h"
#include "runtime/base/check.h"
#include "runtime/node/state_gatherer.h"
#include "runtime/objects/object_store.h"
#include "runtime/wire/codec.h"
#include "runtime/wire/messages.h"
#include "tests/support/fuzz_target.h"
#include "tests/support/random_message.h"

namespace {

using namespace Atoll;

void show(const StateReport& report) {
  for (const StateKindInfo& info : state_kinds()) {
    ListOptions options;
    options.kind = info.name;
    options.json = true;
    options.sort = std::string("-") + info.columns.front().key;
    const Result<ListRequest> request = make_list_request(options);
    ATOLL_CHECK(request.ok(), request.status().message());
    const StateTable table = make_table(*request, {"reef", {{{}, "n0", true}}, {}}, report.rows);
    for (const StateRow& row : table.rows) ATOLL_CHECK(row.cells.size() == table.columns.size(), row.cells.size());
    for (const std::size_t width : {std::size_t{0}, std::size_t{80}, std::size_t{1000}}) (void)table_to_text(table, width, false);
    const auto json = nlohmann::json::parse(table_to_json(table, 2));
    ATOLL_CHECK(json["rows"].size() == table.rows.size(), json["rows"].size());
    for (const StateRow& row : table.rows) {
      StateRecord thing{info.kind, {}};
      for (std::size_t i = 0; i < table.columns.size(); ++i) thing.cells[table.columns[i]->key] = row.cells[i];
      ExplainFacts facts;
      facts.refs = facts.copies = facts.tasks = {thing};
      if (info.kind == StateKind::kRefs)
        (void)explain_ref("aa-7", facts);
      else
        (void)explain(thing, facts);
    }
  }
}

void ask(const GetState& question) {
  static const std::unique_ptr<ObjectStore> store = [] {
    auto made = std::make_unique<ObjectStore>(ObjectStore::Options{std::uint64_t{1} << 20, "n0", ProcessId(9)});
    ObjectOutbox out;
    for (std::uint64_t copy = 1; copy <= 3; ++copy) {
      made->handle(Time(), ProcessId(1), MakeRoom{copy, ObjectId{ProcessId(1), copy}, ProcessId(1), 100'000}, out);
      made->handle(Time(), ProcessId(2), HoldCopy{copy, copy}, out);
    }
    return made;
  }();
  StateRows rows(question);
  store->list(NodeId(0), {{2, {ProcessId(3), 12}}}, rows);
  StateReport report;
  rows.finish(report);
  ATOLL_CHECK(report.rows.size() <= std::min<std::size_t>(question.limit, kMostRows), report.rows.size());
  ATOLL_CHECK(report.total >= report.rows.size() && report.total <= 3, report.total);
  for (const StateRow& row : report.rows) ATOLL_CHECK(row.cells.size() == question.columns.size(), row.cells.size());
}

// What three say, made one.
void gather(const StateReport& report) {
  for (const bool descending : {false, true}) {
    GetState question;
    question.columns = {"id", "node", "state"};
    question.sort = descending ? "node" : "pid";
    question.descending = descending;
    question.limit = 2;
    Gathering gathering(question);
    for (std::size_t place = 0; place < 3; ++place)
      gathering.expect(report.request, ProcessId(place + 1), "someone", place);
    for (const std::uint64_t who : {3, 1, 2}) ATOLL_CHECK(gathering.take(ProcessId(who), report));
    const StateReport all = gathering.finish();
    ATOLL_CHECK(all.rows.size() == std::min<std::size_t>(3 * report.rows.size(), 2), all.rows.size());
    ATOLL_CHECK(all.total == 3 * report.total, all.total);
    for (const StateRow& row : all.rows) ATOLL_CHECK(row.cells.size() <= 3, row.cells.size());
  }
}

// Whoever is asked to gather answers, now or when the patience is over.
void gather_for(const GatherState& asked) {
  StateGatherer gatherer;
  StateGatherer::Sources sources;
  for (const PeerNode& member : asked.members) sources.before.push_back({member.daemon, daemon_words(member.name)});
  Outbox out;
  gatherer.begin(Time(), ProcessId(9), asked.question, std::move(sources), out);
  gatherer.on_tick(gatherer.next_deadline().value_or(Time()), out);
  const auto is_answer = [](const Outbox::Letter& letter) {
    return std::holds_alternative<StateReport>(letter.message);
  };
  ATOLL_CHECK(std::ranges::count_if(out.letters, is_answer) == 1, out.letters.size());
}

StateReport report_of(std::size_t columns) {
  StateReport report;
  for (int row = 0; row < 3; ++row) {
    StateRow& added = report.rows.emplace_back();
    for (std::size_t i = 0; i < columns; ++i)
      added.cells.push_back(i % 4 == 0   ? StateCell{CellKind::kText, 0, "4f1c09aa71b2e690-12", {}}
                            : i % 4 == 1 ? StateCell{CellKind::kNumber, 1e3 * row, "", {}}
                            : i % 4 == 2 ? StateCell{CellKind::kList, 0, "", {"4f1c09aa71b2e690 2", "b-1"}}
                                         : StateCell{});
  }
  return report;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Message> message = decode({reinterpret_cast<const char*>(data), size});
  if (!message.ok()) return 0;
  if (const auto* report = std::get_if<StateReport>(&*message)) {
    show(*report);
    gather(*report);
  }
  if (const auto* asked = std::get_if<GatherState>(&*message)) gather_for(*asked);
  if (const auto* question = std::get_if<GetState>(&*message)) ask(*question);
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  GetState question;
  question.kind = StateKind::kObjects;
  for (const StateColumn& column : info_of(question.kind).columns) question.columns.push_back(column.key);
  question.filters = {{"bytes", FilterOp::kMore, "10", 10, false}, {"id", FilterOp::kEqual, "1-2", 0, true}};
  question.sort = "holders";
  std::vector<std::string> seeds = {encode(question), encode(report_of(12)), encode(report_of(25)), encode(report_of(1))};
  RandomMessages random(3);
  for (int i = 0; i < 8; ++i)
    for (const Message& kind : {Message(GetState()), Message(StateReport()), Message(GatherState())})
      seeds.push_back(encode(random.make(kind.index())));
  const auto number = [](const char* bytes) { return "\xcb" + std::string(bytes, 8); };
  return {"state",
          seeds,
          {"\xc0", "\x90", "\xa0", "\x91", "\xff", "\x02", "\x03", "\x04", number("\x7f\xf8\0\0\0\0\0\0"),
           number("\x7f\xf0\0\0\0\0\0\0"), number("\xff\xf0\0\0\0\0\0\0"), number("\x43\xf0\0\0\0\0\0\0"),
           number("\xc3\xf0\0\0\0\0\0\0"), "\xa5state", "\xa7""dropped", "\xa4node", "\xa2id", "\xa1-", "\xa1 "}};
}
