#include "runtime/scheduler/explanation.h"

#include <algorithm>

#include "runtime/scheduler/explanation_words.h"

namespace Atoll {
namespace {

// gpu first: it is what is scarce.
std::vector<Resources> kinds_of(const Resources& request) {
  std::vector<Resources> kinds;
  const auto add = [&kinds](const Resources& kind) {
    if (!kind.is_zero()) kinds.push_back(kind);
  };
  add({.gpu = request.gpu});
  add({.cpu = request.cpu});
  add({.memory = request.memory});
  for (const auto& [name, amount] : request.custom) add({.custom = {{name, amount}}});
  return kinds;
}

// What `node` has of `kind`, which asks for one kind only: of GPUs what one
// request can use, so for a fraction the largest part, else the whole ones.
Resources part_of(const NodeResources& node, const Resources& kind) {
  if (!kind.cpu.is_zero()) return {.cpu = node.amounts.cpu};
  if (kind.memory != 0) return {.memory = node.amounts.memory};
  if (kind.gpu.is_zero()) {
    const std::string& name = kind.custom.begin()->first;
    const auto found = node.amounts.custom.find(name);
    return {.custom = {{name, found == node.amounts.custom.end() ? Fixed() : found->second}}};
  }
  if (kind.gpu >= Fixed::whole(1)) return {.gpu = Fixed::whole(std::ranges::count(node.gpus, Fixed::whole(1)))};
  return {.gpu = node.gpus.empty() ? Fixed() : std::ranges::max(node.gpus)};
}

std::string name_of(const Resources& kind) {
  if (!kind.gpu.is_zero()) return "gpu";
  if (!kind.cpu.is_zero()) return "cpu";
  if (kind.memory != 0) return "memory";
  return kind.custom.begin()->first;
}

std::string count_nodes(std::uint32_t nodes) { return count_words(static_cast<int>(nodes), "node"); }

const char* verb(std::uint32_t nodes, const char* one, const char* many) { return nodes == 1 ? one : many; }

}  // namespace

Explanation::Explanation(const Resources& request) : request_(request), kinds_(kinds_of(request)) {}

void Explanation::add_node(const NodeResources& total, const NodeResources& free) {
  ++nodes_;
  if (!fits(total, request_))
    add_to(too_small_, total);
  else if (!fits(free, request_))
    add_to(busy_, free);
  else
    ++fitting_;
}

void Explanation::add_to(std::map<Lack, Group>& groups, const NodeResources& node) const {
  Lack lack;
  for (const Resources& kind : kinds_) lack.push_back(!fits(node, kind));
  Group& group = groups[lack];
  ++group.nodes;
  group.most.resize(kinds_.size());
  for (std::size_t i = 0; i < kinds_.size(); ++i) group.most[i] = std::max(group.most[i], part_of(node, kinds_[i]));
  group.split_gpus |= part_of(node, {.gpu = Fixed::whole(1)}).gpu != node.amounts.gpu;
}

// "enough gpu but at most 8 cpu", "no gpu"; `suffix` follows each amount.
std::string Explanation::words(const Lack& lack, const Group& group, const std::string& suffix) const {
  std::vector<std::string> enough, none, most;
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    std::string name = name_of(kinds_[i]);
    if (!lack[i]) {
      enough.push_back(name);
      continue;
    }
    const bool is_gpu = !kinds_[i].gpu.is_zero();
    const bool fraction = is_gpu && kinds_[i].gpu < Fixed::whole(1);
    std::string text = group.most[i].is_zero() ? name : to_string(group.most[i]);
    if (is_gpu && !fraction && group.split_gpus) text.insert(text.size() - name.size(), "whole ");
    text += suffix;
    if (fraction && !group.most[i].is_zero()) text += " on one device";
    (group.most[i].is_zero() ? none : most).push_back(text);
  }
  std::string text = enough.empty() ? "" : "enough " + join_words(enough) + suffix + " but ";
  if (!none.empty()) text += "no " + join_words(none);
  if (!none.empty() && !most.empty()) text += " and ";
  if (!most.empty()) text += "at most " + join_words(most);
  return text;
}

std::string Explanation::sentence() const {
  if (const Status status = check_request(request_); !status.ok()) return status.message();
  std::vector<std::string> needs;
  for (const Resources& kind : kinds_) needs.push_back(to_string(kind));
  std::string text = needs.empty() ? "needs nothing" : "needs " + join_words(needs) + " on one node";
  if (nodes_ == 0) return text + "; no node is alive";
  const std::vector<std::string> all = clauses();
  if (fitting_ > 0) return text + "; " + all.front();
  for (const std::string& clause : all) text += "; " + clause;
  return text;
}

std::vector<std::string> Explanation::clauses() const {
  std::vector<std::string> all;
  if (fitting_ > 0) all.push_back(count_nodes(fitting_) + verb(fitting_, " has", " have") + " it free");
  for (const auto& [lack, group] : busy_)
    all.push_back(count_nodes(group.nodes) + verb(group.nodes, " is busy and has ", " are busy and have ") +
                  words(lack, group, " free"));
  for (const auto& [lack, group] : too_small_)
    all.push_back(count_nodes(group.nodes) + verb(group.nodes, " has ", " have ") + words(lack, group, ""));
  return all;
}

}  // namespace Atoll
