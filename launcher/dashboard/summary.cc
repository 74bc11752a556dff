#include "launcher/dashboard/summary.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace Atoll {
namespace {

using nlohmann::ordered_json;

class Row {
 public:
  Row(const StateTable& table, const StateRow& row) : table_(table), row_(row) {}
  double number(const std::string& key) const { return cell(key).number; }
  const std::string& text(const std::string& key) const { return cell(key).text; }

 private:
  const StateCell& cell(const std::string& key) const {
    static const StateCell kNone;
    for (std::size_t i = 0; i < table_.columns.size(); ++i)
      if (key == table_.columns[i]->key) return row_.cells[i];
    return kNone;
  }
  const StateTable& table_;
  const StateRow& row_;
};

struct Amount {
  double total = 0, free = 0;
  void add(const Row& row, const std::string& key) {
    total += row.number(key);
    free += row.number(key + "_free");
  }
  ordered_json json() const { return {{"total", total}, {"free", free}}; }
};

ordered_json used_percent(const Row& row) {
  const std::string key = row.number("gpu") > 0 ? "gpu" : "cpu";
  const double total = row.number(key);
  return total > 0 ? std::lround(100 * (total - row.number(key + "_free")) / total) : 0;
}

}  // namespace

const char* const kSummaryColumns =
    "node,state,cpu,cpu_free,gpu,gpu_free,memory,memory_free,object_memory,object_memory_used,workers,actors,waiting";

ordered_json summarize_nodes(const StateTable& nodes) {
  std::uint64_t alive = 0, joining = 0, dead = 0;
  Amount cpu, gpu, memory, objects;
  double workers = 0, actors = 0, waiting = 0;
  ordered_json used = ordered_json::array();
  for (const StateRow& each : nodes.rows) {
    const Row row(nodes, each);
    const std::string& state = row.text("state");
    ++(state == "alive" ? alive : state == "dead" ? dead : joining);
    used.push_back(state == "alive" ? used_percent(row) : ordered_json(nullptr));
    if (state != "alive") continue;
    cpu.add(row, "cpu");
    gpu.add(row, "gpu");
    memory.add(row, "memory");
    objects.total += row.number("object_memory");
    objects.free += row.number("object_memory") - row.number("object_memory_used");
    workers += row.number("workers");
    actors += row.number("actors");
    waiting += row.number("waiting");
  }
  ordered_json summary;
  summary["nodes"] = {{"alive", alive}, {"joining", joining}, {"dead", dead}};
  summary["cpu"] = cpu.json();
  summary["gpu"] = gpu.json();
  summary["memory"] = memory.json();
  summary["object_memory"] = objects.json();
  summary["workers"] = workers;
  summary["actors"] = actors;
  summary["waiting"] = waiting;
  summary["used"] = std::move(used);
  return summary;
}

}  // namespace Atoll
