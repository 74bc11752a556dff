#include "runtime/scheduler/group_explanation.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "runtime/scheduler/explanation.h"
#include "runtime/scheduler/explanation_words.h"

namespace Atoll {
namespace {

using Clauses = std::vector<std::string>;

const char* domain_word(Level level) { return level == Level::kFabric ? "fabric domain" : "leaf switch"; }

// "8 gpu in two islands of 4", "8 gpu in islands of 6 and 2", "8 gpu without links"; `suffix` follows the amount.
std::string island_words(const ClusterView::Node& node, const std::vector<Fixed>& gpus, const std::string& suffix) {
  std::map<int, int, std::greater<>> sizes;  // how many islands of a size
  std::map<int, int> islands;
  int whole = 0;
  for (int gpu = 0; gpu < std::ssize(gpus); ++gpu) {
    if (gpus[gpu] != Fixed::whole(1)) continue;
    ++whole;
    ++islands[node.place.graph == nullptr ? gpu : node.place.graph->island(gpu)];
  }
  for (const auto& [island, size] : islands) ++sizes[size];
  if (whole == 0) return "only parts of GPUs" + suffix;
  std::string text = std::to_string(whole) + " gpu" + suffix;
  if (whole > 1 && sizes.begin()->first == 1) return text + " without links";
  if (sizes.size() == 1) {
    const auto [size, count] = *sizes.begin();
    return text + " in " + number_word(count) + (count == 1 ? " island" : " islands") + " of " + std::to_string(size);
  }
  std::vector<std::string> words;
  for (const auto& [size, count] : sizes)
    words.insert(words.end(), static_cast<std::size_t>(count), std::to_string(size));
  return text + " in islands of " + join_words(words);
}

// Why no single node has all of it.
class OneNode {
 public:
  OneNode(const GroupRequest& request, PickMemo& picks)
      : needed_(needed_at_least(request.bundles)), explanation_(needed_), picks_(picks) {
    for (const Resources& bundle : request.bundles) demand_.amounts.push_back(bundle.gpu);
    demand_.one_island = request.within == Level::kIsland;
  }

  void add(const ClusterView::Node& node) {
    const bool now = has(node, node.free), ever = has(node, node.total);
    if (now || !fits(node.total, needed_) || (ever && !fits(node.free, needed_))) {
      explanation_.add_node(node.total, node.free);
    } else if (demand_.one_island) {
      ++broken_[ever ? "busy with " + island_words(node, node.free.gpus, " free")
                     : island_words(node, node.total.gpus, "")];
    } else {
      ++broken_[ever ? "busy with enough free in parts that do not hold the bundles"
                     : "enough in parts that do not hold the bundles"];
    }
  }

  std::string needs() const {
    const bool island = demand_.one_island && !needed_.gpu.is_zero();
    return "needs " + to_string(needed_) + (island ? " in one island" : " on one node");
  }

  Clauses clauses() const {
    Clauses all;
    for (const auto& [words, nodes] : broken_) {
      const bool busy = words.starts_with("busy");
      const char* verb = busy ? (nodes == 1 ? " is " : " are ") : (nodes == 1 ? " has " : " have ");
      all.push_back(count_words(nodes, "node") + verb + words);
    }
    for (std::string& clause : explanation_.clauses()) all.push_back(std::move(clause));
    return all;
  }

 private:
  bool has(const ClusterView::Node& node, const NodeResources& room) const {
    return fits(room, needed_) && score_gpus({node.place.graph, room.gpus}, demand_, picks_);
  }

  Resources needed_;
  GpuDemand demand_;
  Explanation explanation_;
  std::map<std::string, int> broken_;  // nodes by what is wrong with the GPUs
  PickMemo& picks_;
};

// "4 nodes with 2 gpu each", "64 bundles of 1 gpu", "3 bundles of 2 gpu and 1 of 8 gpu".
std::string bundle_words(const GroupRequest& request, const BundleShapes& shapes) {
  const bool apart = request.strategy == Strategy::kStrictSpread;
  if (shapes.shapes.size() == 1 && apart)
    return count_words(shapes.bundles, "node") + " with " + to_string(shapes.shapes[0].request) +
           (shapes.bundles == 1 ? "" : " each");
  std::vector<std::string> words;
  for (const BundleShapes::Shape& shape : shapes.shapes) {
    if (words.size() == 4) {
      words.push_back("others");
      break;
    }
    words.push_back((words.empty() ? count_words(shape.count(), "bundle") : std::to_string(shape.count())) + " of " +
                    to_string(shape.request));
  }
  return join_words(words) + (apart ? ", each on a node of its own" : "");
}

std::string level_words(const GroupRequest& request) {
  const std::string domain = domain_word(request.within);
  if (request.segment > 0)
    return " in segments of " + std::to_string(request.segment) + (request.segment == 1 ? " node" : " nodes") +
           ", each in one " + domain;
  return request.within == Level::kCluster ? "" : " in one " + domain;
}

// What a domain has room for: bundles if they are alike, else the next best thing, nodes that have the smallest.
struct DomainRoom {
  int now = 0, empty = 0;
  auto operator<=>(const DomainRoom&) const = default;
};

class Domains {
 public:
  Domains(const ClusterView& view, const GroupRequest& request, const BundleShapes& shapes, const FitSet* allowed)
      : view_(view), request_(request), shapes_(shapes), allowed_(allowed) {}

  // "1 fabric domain has room for 40 bundles now, and for 72 when empty".
  Clauses clauses(const std::vector<Domain>& domains) const {
    std::map<DomainRoom, int, std::greater<>> rooms;
    for (const Domain& domain : domains) ++rooms[room_of(domain)];
    Clauses all;
    for (const auto& [room, count] : rooms) {
      if (all.size() == 3) {
        all.push_back("the others have less");
        break;
      }
      all.push_back(words(room, count));
    }
    return all;
  }

 private:
  bool in_nodes() const {
    return request_.segment > 0 || request_.strategy == Strategy::kStrictSpread || shapes_.shapes.size() > 1;
  }

  DomainRoom room_of(const Domain& domain) const {
    const Resources& smallest = shapes_.shapes.back().request;
    const int limit = in_nodes() ? 1 : shapes_.bundles;
    DomainRoom room;
    for (const std::uint32_t id : domain) {
      if (allowed_ != nullptr && !allowed_->contains(id)) continue;
      const ClusterView::Node& node = *view_.find(NodeId{id});
      room.now += count_fitting(node.free, smallest, limit);
      room.empty += count_fitting(node.total, smallest, limit);
    }
    return room;
  }

  std::string words(const DomainRoom& room, int count) const {
    std::string text = request_.within == Level::kCluster
                           ? "the cluster has "
                           : count_words(count, domain_word(request_.within)) + (count == 1 ? " has " : " have ");
    if (!in_nodes()) {
      text += "room for " + count_words(room.now, "bundle") + " now";
      return room.empty == room.now ? text : text + ", and for " + std::to_string(room.empty) + " when empty";
    }
    text += count_words(room.now, "node") + " with " + to_string(shapes_.shapes.back().request) + " free now";
    return room.empty == room.now ? text : text + ", and " + std::to_string(room.empty) + " when empty";
  }

  const ClusterView& view_;
  const GroupRequest& request_;
  const BundleShapes& shapes_;
  const FitSet* allowed_;
};

// "gpu" is the word for a kind; for people it is GPU or GPUs.
std::string with_gpus(std::string text) {
  const std::string word = " gpu";
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_')) continue;
    const std::size_t begin = text.find_last_not_of("0123456789.", at - 1) + 1;
    text.replace(at, word.size(), text.substr(begin, at - begin) == "1" || begin == at ? " GPU" : " GPUs");
  }
  return text;
}

}  // namespace

std::string explain_group(const ClusterView& view, GroupFinder& finder, const GroupRequest& request) {
  const bool one_node = request.strategy == Strategy::kStrictPack || request.within <= Level::kNode;
  const BundleShapes shapes = BundleShapes::of(request.bundles);
  const FitSet* allowed = finder.allowed(request.labels);
  OneNode whole(request, finder.picks());
  Explanation biggest(shapes.shapes[0].request);
  int others = 0;
  for (std::uint32_t id = 0; id < view.end(); ++id) {
    const ClusterView::Node* node = view.find(NodeId{id});
    if (node == nullptr || !node->alive) continue;
    if (allowed != nullptr && !allowed->contains(id))
      ++others;
    else if (one_node)
      whole.add(*node);
    else
      biggest.add_node(node->total, node->free);
  }
  std::string text = one_node ? whole.needs() : "needs " + bundle_words(request, shapes) + level_words(request);
  if (view.alive() == 0) return with_gpus(text + "; no node is alive");
  Clauses clauses;
  if (!one_node) clauses = Domains(view, request, shapes, allowed).clauses(finder.levels().domains(request.within));
  for (std::string& clause : one_node ? whole.clauses() : biggest.clauses()) clauses.push_back(std::move(clause));
  if (others > 0) clauses.push_back(count_words(others, "node") + (others == 1 ? " has" : " have") + " other labels");
  for (const std::string& clause : clauses) text += "; " + clause;
  return with_gpus(text);
}

}  // namespace Atoll
