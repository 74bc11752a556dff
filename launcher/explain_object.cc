// Why an object is there, or not yet.

#include <algorithm>
#include <cstdlib>

#include "launcher/explain_words.h"
#include "runtime/base/words.h"
#include "runtime/scheduler/explanation_words.h"
#include "runtime/state/cells.h"

namespace Atoll {
namespace {

std::string bytes_of(const StateRecord& object) {
  return format_bytes(count_of(object.number("bytes")));
}

// "worker 4711 on n2 (actor Sum) 3 times".
std::vector<std::string> holders_of(const StateRecord& object, const ExplainFacts& facts) {
  std::vector<std::string> all;
  for (const std::string& item : object.list("holders")) {
    const std::size_t blank = item.find(' ');
    all.push_back(who_words(facts, item.substr(0, blank)) + " " + times_words(std::atof(item.c_str() + blank + 1)));
  }
  return all;
}

// What is known of where a copy is, beside its node.
std::string place_words(const std::string& state) {
  if (state == "spilled") return ", on the disk: it is read back when somebody wants it";
  if (state == "restored") return ", and is being read back from the disk";
  if (state == "lost") return ", and could not be read back from the disk: it is lost";
  return "";
}

void explain_copy(const StateRecord& copy, const ExplainFacts& facts, std::vector<std::string>& out) {
  const std::vector<std::string> holders = holders_of(copy, facts);
  const std::string where = "the copy on node " + copy.text("node");
  if (!holders.empty())
    out.push_back(where + " is held by " + join_words(holders) +
                  ": values or Arrays that were got there and still live");
  if (copy.number("pins") > 0)
    out.push_back(where + " is being sent or received, " + amount_words(copy.number("pins")) + " parts at this moment");
  if (copy.number("readers") > 0)
    out.push_back(amount_words(copy.number("readers")) + " readers wait until " + where + " is complete");
}

// Those who do not say so themselves.
void explain_borrowers(const ExplainFacts& facts, std::vector<std::string>& out) {
  for (const StateRecord& ref : facts.refs)
    for (const std::string& borrower : ref.list("borrowers"))
      if (std::ranges::none_of(facts.refs, [&](const StateRecord& each) { return each.text("process") == borrower; }))
        out.push_back(who_words(facts, borrower) + " borrows it: so its owner has it, but that process did not answer");
}

}  // namespace

void explain_object(const StateRecord& object, const ExplainFacts& facts, std::vector<std::string>& out) {
  out.push_back("object " + object.text("id") + " of " + bytes_of(object) + " lies in the object memory of node " +
                object.text("node") + (object.has("fetched_from") ? ", fetched from node " + object.text("fetched_from") : "") +
                (object.text("state") == "written"
                     ? ", and is still being written by " + who_words(facts, object.text("maker"))
                     : place_words(object.text("state"))));
  const bool dropped = object.number("dropped") != 0;
  if (dropped)
    out.push_back("its owner, " + who_words(facts, object.text("owner")) +
                  " has dropped it: nobody can ask for it any more");
  else
    out.push_back("its owner is " + who_words(facts, object.text("owner")));
  explain_copy(object, facts, out);
  for (const StateRecord& copy : facts.copies) {
    out.push_back("node " + copy.text("node") +
                  " has fetched it, too: that copy goes with it, or when the room is wanted and nobody reads it");
    explain_copy(copy, facts, out);
  }
  explain_refs(object.text("id"), facts, dropped, out);
}

void explain_refs(const std::string& id, const ExplainFacts& facts, bool dropped, std::vector<std::string>& out) {
  bool owner_uses = false, any_argument = false;
  for (const StateRecord& ref : facts.refs) {
    const std::string who = who_words(facts, ref.text("process"));
    const bool is_owner = ref.text("process") == ref.text("owner");
    if (ref.number("in_use") != 0) out.push_back(who + " has a Ref to it" + (is_owner ? "" : ", borrowed"));
    owner_uses |= is_owner && ref.number("in_use") != 0;
    const double calls = ref.number("arguments");
    any_argument |= calls > 0;
    if (calls > 0)
      out.push_back("it is an argument of " + amount_words(calls) + " tasks or calls of " + who +
                    " that have not ended");
    if (ref.number("fetchers") > 0) out.push_back(amount_words(ref.number("fetchers")) + " processes wait for it");
  }
  explain_borrowers(facts, out);
  if (owner_uses)
    out.push_back(
        "next: let the Ref go in its owner (a Ref in a global, a container or an actor's state lives as long as that)");
  else if (any_argument)
    out.push_back("next: atoll list tasks --filter waits_for=" + id + ", or those of its owner: it goes when they end");
  else if (dropped)
    out.push_back(
        "next: end what holds it: let the value or Array go, or that task or actor end; atoll explain says of each "
        "process what it does");
}

// Of a value in some node's memory that nobody has asked for since that node died.
void explain_dead_keeper(const StateRecord& ref, std::vector<std::string>& out) {
  out.push_back("object " + ref.text("id") + " of " + bytes_of(ref) + " was in the object memory of node " + ref.text("node") +
                ", which is dead");
  out.push_back("who wants it has its task run again, if that has retries left; what was put, and what actors returned, is lost");
}

std::vector<std::string> explain_ref(const std::string& id, const ExplainFacts& facts) {
  std::vector<std::string> out;
  for (const StateRecord& ref : facts.refs) {
    if (ref.text("process") != ref.text("owner") && facts.refs.size() > 1) continue;
    if (ref.text("state") == "pending")
      out.push_back("object " + id + " is not there yet: what makes it has not ended; owned by " +
                    who_words(facts, ref.text("owner")));
    else if (ref.text("state") == "failed")
      out.push_back("object " + id + " is an error: " + ref.text("why"));
    else if (ref.text("kept") != "process" && facts.dead_nodes.contains(ref.text("node")))
      explain_dead_keeper(ref, out);
    else
      out.push_back("object " + id + " of " + bytes_of(ref) + " is kept " +
                    (ref.text("kept") == "process" ? "by the processes that refer to it: it is small"
                                                   : "in the object memory of node " + ref.text("node")));
    break;
  }
  explain_refs(id, facts, /*dropped=*/false, out);
  return out;
}

}  // namespace Atoll
