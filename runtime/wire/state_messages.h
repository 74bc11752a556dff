#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/fields.h"

// The messages by which a person's tool looks at a cluster; messages.h has the rules.
//
// The tool asks the head who is there (GetPeers), and then those who know: the head for nodes, actors, groups, jobs and
// requests, daemons for workers and objects, drivers and workers for the tasks and refs that they own. A daemon asks its
// workers and makes one answer of theirs; where there are many daemons, some gather the answers of others (GatherState), so
// that nobody asks more than about the square root of them. All answers are made of the tables that exist anyway.
namespace Atoll {

// What can be listed; state/columns.h says what is known of each.
enum class StateKind : std::uint8_t {
  kNodes = 0,
  kWorkers = 1,
  kActors = 2,
  kTasks = 3,
  kObjects = 4,  // the copies in object memory
  kGroups = 5,
  kJobs = 6,
  kRequests = 7,  // for workers, that wait at the head for room
  kRefs = 8,      // objects, as processes know them that own or borrow them
};

// What is in one column of a row.
enum class CellKind : std::uint8_t { kNone = 0, kNumber = 1, kText = 2, kList = 3 };
struct StateCell {
  CellKind kind = CellKind::kNone;
  double number = 0;
  std::string text;
  std::vector<std::string> list;
  ATOLL_MESSAGE_FIELDS(kind, number, text, list)
  friend bool operator==(const StateCell&, const StateCell&) = default;
};
struct StateRow {
  std::vector<StateCell> cells;
  ATOLL_MESSAGE_FIELDS(cells)
  friend bool operator==(const StateRow&, const StateRow&) = default;
};

enum class FilterOp : std::uint8_t {
  kEqual = 0,
  kNotEqual = 1,
  kLess = 2,
  kAtMost = 3,
  kMore = 4,
  kAtLeast = 5,
  kContains = 6
};
struct StateFilter {
  std::string key;
  FilterOp op = FilterOp::kEqual;
  std::string text;
  double number = 0;   // the same, for cells that are numbers; NaN: it is none
  bool is_id = false;  // an id may be cut short: "4f1c" and "4f1c-12"
  std::vector<std::string> others = {};  // of kEqual: any of these will do as well as `text`
  ATOLL_MESSAGE_FIELDS(key, op, text, number, is_id, others)
};

struct GetState {
  std::uint64_t request = 0;  // of the tool's own counting
  StateKind kind = StateKind::kNodes;
  std::vector<std::string> columns;  // what each row has, in this order
  std::vector<StateFilter> filters;  // all hold
  std::string sort;                  // a key; empty: as they come
  bool descending = false;
  std::uint32_t limit = 100;  // rows of one answer; kMostRows at most
  double patience = 0.5;      // seconds for which who is asked may wait for those whom it asks itself
  ATOLL_MESSAGE_FIELDS(request, kind, columns, filters, sort, descending, limit, patience)
};
inline constexpr std::uint32_t kMostRows = 10'000;

struct StateReport {
  std::uint64_t request = 0;
  std::uint64_t total = 0;  // how many there are, of which the rows are the first
  std::vector<StateRow> rows;
  std::uint64_t finished = 0;       // tasks and calls of those who answer that ended well, ever
  std::uint64_t failed = 0;         // and with an error
  std::vector<std::string> silent;  // who was asked for this and did not answer: "worker 4711 on n2"
  bool refused = false;             // nobody was asked, and nothing is said: too much is gathered there at this moment
  ATOLL_MESSAGE_FIELDS(request, total, rows, finished, failed, silent, refused)
};

// head -> driver, daemon -> worker, when somebody reads the metrics: what came of the tasks and calls that it owns.
struct GetTaskCounts {
  std::uint64_t request = 0;
  ATOLL_MESSAGE_FIELDS(request)
};
// Of tasks, or of calls of actors.
struct WorkCounts {
  // Ever; what failed was cancelled, too.
  std::uint64_t submitted = 0;
  std::uint64_t finished = 0;
  std::uint64_t failed = 0;
  std::uint64_t retried = 0;
  // Now: tasks that wait for arguments (of calls 0), what is not sent, and what a worker has.
  std::uint64_t waiting = 0;
  std::uint64_t queued = 0;
  std::uint64_t sent = 0;
  ATOLL_MESSAGE_FIELDS(submitted, finished, failed, retried, waiting, queued, sent)
  friend bool operator==(const WorkCounts&, const WorkCounts&) = default;
};
struct TaskCounts {
  std::uint64_t request = 0;
  WorkCounts tasks;
  WorkCounts calls;
  ATOLL_MESSAGE_FIELDS(request, tasks, calls)
};

// tool -> head.
struct GetPeers {
  ATOLL_MESSAGE_FIELDS()
};
struct PeerNode {
  Contact daemon;
  std::string name;
  bool alive = false;
  ATOLL_MESSAGE_FIELDS(daemon, name, alive)
};
struct PeerDriver {
  Contact driver;
  std::string words;  // "driver 4711 on n1"
  ATOLL_MESSAGE_FIELDS(driver, words)
};
struct Peers {
  std::string cluster;
  std::vector<PeerNode> nodes;  // by rank
  std::vector<PeerDriver> drivers;
  ATOLL_MESSAGE_FIELDS(cluster, nodes, drivers)
};

// tool -> daemon: answer, ask these others, and say in one StateReport what came of it.
struct GatherState {
  GetState question;
  std::vector<PeerNode> members;  // kMostMembers at most
  ATOLL_MESSAGE_FIELDS(question, members)
};
inline constexpr std::size_t kMostMembers = 4096;

}  // namespace Atoll
