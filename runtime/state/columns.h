#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/base/status.h"
#include "runtime/wire/state_messages.h"

namespace Atoll {

// How a column's cells are to be read and printed.
enum class ColumnType {
  kText,
  kId,      // of a process, or of a thing that a process made
  kIds,     // a list of them
  kNode,    // a rank, or a name
  kDaemon,  // a node by its daemon's process
  kNumber,
  kAmount,  // of a resource: not always whole
  kBytes,
  kSeconds,
  kFlag,     // 0 or 1
  kList,     // of texts
  kHolders,  // a list of "PROCESS TIMES"
  kGpus,     // a list of "INDEX ISLAND NUMA FREE UUID MODEL", with "-" for what is not known
  kLinks,    // a list of "INDEX INDEX GBPS"
  kPlaces,   // a list of "BUNDLE NODE INDEX,INDEX", with "-" for none
};

// What is known of a kind of things: the keys of --json, in its order. They are only ever added; atoll-list(1) has them
// all.
struct StateColumn {
  const char* key;
  ColumnType type;
};
struct StateKindInfo {
  StateKind kind;
  const char* name;  // "nodes"
  std::span<const StateColumn> columns;
  std::string_view shown;  // the table's, the most important first: "node state"
};

std::span<const StateKindInfo> state_kinds();
const StateKindInfo& info_of(StateKind kind);
// kInvalidArgument names those that there are.
Result<StateKind> parse_state_kind(const std::string& name);
// Null if there is none.
const StateColumn* find_column(StateKind kind, const std::string& key);
// kInvalidArgument names those that there are.
Result<const StateColumn*> parse_column(StateKind kind, const std::string& key);

inline bool is_number(ColumnType type) {
  return type == ColumnType::kNumber || type == ColumnType::kAmount || type == ColumnType::kBytes ||
         type == ColumnType::kSeconds || type == ColumnType::kFlag;
}
inline bool is_id(ColumnType type) { return type == ColumnType::kId || type == ColumnType::kIds; }

// "gpu>=1", "state!=alive", "name~train", "memory>2GiB", "owner=4f1c". Nodes are by name: whoever asks puts in the
// rank. kInvalidArgument says what is wrong.
Result<StateFilter> parse_filter(StateKind kind, const std::string& text);

}  // namespace Atoll
