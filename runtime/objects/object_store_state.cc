// The copies in a node's arena, as they are listed.

#include "runtime/objects/object_store.h"

namespace Atoll {

void ObjectStore::list(NodeId node, const std::unordered_map<std::uint64_t, CopyId>& fetched, StateRows& rows) const {
  struct Seen {
    std::uint64_t number;
    const Copy& copy;
    const ObjectStore& store;
    NodeId node;
    const CopyId* source;  // null: it was made here

    const char* state() const {
      if (!copy.sealed) return source == nullptr ? "written" : "fetched";
      if (copy.dropped) return "dropped";
      switch (copy.place) {
        case Place::kDisk: return "spilled";
        case Place::kReading: return "restored";
        case Place::kLost: return "lost";
        case Place::kWriting:
        case Place::kMemory: break;
      }
      return copy.unused() ? "idle" : "held";
    }
    std::vector<std::string> holders() const {
      std::vector<std::string> all;
      for (const auto& [process, party] : store.parties_)
        if (const auto held = party.holds.find(number); held != party.holds.end())
          all.push_back(to_string(process) + " " + std::to_string(held->second));
      return all;
    }
  };
  static constexpr StateGetter<Seen> kGetters[] = {
      {"id", [](const Seen& s) { return cell_of(s.copy.object); }},
      {"node", [](const Seen& s) { return cell_of(s.node); }},
      {"copy", [](const Seen& s) { return cell_of(s.number); }},
      {"bytes", [](const Seen& s) { return cell_of(s.copy.bytes); }},
      {"state", [](const Seen& s) { return cell_of(s.state()); }},
      {"owner", [](const Seen& s) { return cell_of(s.source == nullptr ? s.copy.owner : s.copy.object.process); }},
      {"maker", [](const Seen& s) { return s.source == nullptr ? cell_of(s.copy.maker) : StateCell(); }},
      {"holders", [](const Seen& s) { return cell_of(s.holders()); }},
      {"holds", [](const Seen& s) { return cell_of(s.copy.holds); }},
      {"pins", [](const Seen& s) { return cell_of(s.copy.pins); }},
      {"dropped", [](const Seen& s) { return cell_of(s.copy.dropped); }},
      {"readers", [](const Seen& s) { return cell_of(s.copy.readers.size()); }},
      {"copiers",
       [](const Seen& s) { return cell_of(s.copy.spread == nullptr ? 0 : s.copy.spread->members().size()); }},
      {"fetched_from", [](const Seen& s) { return s.source == nullptr ? StateCell() : cell_of(s.source->keeper); }},
      {"source_copy", [](const Seen& s) { return s.source == nullptr ? StateCell() : cell_of(s.source->copy); }},
  };
  StateQuery<Seen> query(rows, kGetters);
  for (const auto& [number, copy] : copies_) {
    const auto source = fetched.find(number);
    query.offer({number, copy, *this, node, source == fetched.end() ? nullptr : &source->second});
  }
}

}  // namespace Atoll
