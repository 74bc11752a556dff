// Counts the words of all text files in a folder, on every node of the cluster: a task a chunk of text, which sends its
// counts on to the actor that keeps their partition.
//
//   atoll run -- wordcount [--check] [FOLDER, default /usr/share/doc]
//
// --check counts once more with coreutils, and fails if the answers differ.

#include <atoll/atoll.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>

#include "summary.h"
#include "text.h"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

constexpr std::size_t kTop = 10;

// Keeps the words that fall to it.
class Partition {
 public:
  // A task that runs again, since its worker died, sends its counts again: what is here already is not added twice.
  void add(std::uint32_t chunk, const Table& counts) {
    if (chunk >= seen_.size()) seen_.resize(chunk + 1);
    if (seen_[chunk]) return;
    seen_[chunk] = true;
    for (const auto& [word, count] : counts) table_[word] += count;
  }

  Summary summarize() const {
    Summary summary;
    for (const auto& [word, count] : table_) summary.add(Word{word, count});
    summary.keep_top(kTop);
    return summary;
  }

 private:
  Table table_;
  std::vector<bool> seen_;
};
ATOLL_ACTOR(Partition(), &Partition::add, &Partition::summarize);

using Partitions = std::vector<Atoll::Actor<Partition>>;

// What a task tells the driver.
struct Counted {
  std::string node;
  std::uint64_t bytes = 0, words = 0;
  ATOLL_FIELDS(node, bytes, words)
};

// Ends when every partition has its share.
Counted count_chunk(std::uint32_t number, const Chunk& chunk, const Partitions& partitions) {
  Counted counted{Atoll::this_worker().node, size_of(chunk), 0};
  Table table;
  for (const Piece& piece : chunk) counted.words += count_piece(piece, table);
  std::vector<Table> shares(partitions.size());
  for (const auto& [word, count] : table) shares[stable_hash(word) % shares.size()].emplace(word, count);
  std::vector<Atoll::Ref<void>> added;
  for (std::size_t i = 0; i < shares.size(); ++i)
    added.push_back(partitions[i].call(&Partition::add, number, shares[i]));
  for (const Atoll::Ref<void>& share : added) share.get();
  return counted;
}
ATOLL_TASK(count_chunk);

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }
double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }
unsigned long long number(std::uint64_t n) { return n; }

void print_cluster(const std::string& name, const std::vector<Atoll::NodeView>& nodes) {
  std::printf("cluster %s\n%-12s %5s %5s %10s\n", name.c_str(), "node", "cpus", "gpus", "memory");
  for (const Atoll::NodeView& node : nodes)
    std::printf("%-12s %5g %5g %6.1f GiB\n", node.name.c_str(), node.cpus, node.gpus,
                static_cast<double>(node.memory) / static_cast<double>(1ULL << 30));
}

// Some chunks for every CPU, so that the fast ones take more, but none so small that it is not worth a message.
std::uint64_t chunk_size(std::uint64_t bytes, const std::vector<Atoll::NodeView>& nodes) {
  double cpus = 0;
  for (const Atoll::NodeView& node : nodes) cpus += node.cpus;
  return std::clamp<std::uint64_t>(bytes / (4 * static_cast<std::uint64_t>(std::max(cpus, 1.0))), 256 << 10, 4 << 20);
}

// Says a line for each tenth of the bytes.
class Progress {
 public:
  explicit Progress(std::uint64_t total) : total_(total) {}

  void add(std::uint64_t bytes) {
    done_ += bytes;
    if (done_ * 10 / total_ <= said_) return;
    said_ = done_ * 10 / total_;
    std::printf("%3llu %%  %6.1f of %.1f MB  %6.2f s\n", number(said_ * 10), megabytes(done_), megabytes(total_),
                since(start_));
    std::fflush(stdout);
  }

 private:
  std::uint64_t total_, done_ = 0, said_ = 0;
  Clock::time_point start_ = Clock::now();
};

struct NodeShare {
  int tasks = 0;
  std::uint64_t bytes = 0, words = 0;
};

// Takes each task's answer as it comes.
std::map<std::string, NodeShare> collect(std::vector<Atoll::Ref<Counted>> pending, std::uint64_t bytes) {
  std::map<std::string, NodeShare> shares;
  Progress progress(bytes);
  while (!pending.empty()) {
    Atoll::Waited<Counted> waited = Atoll::wait(pending, 1, seconds(60));
    if (waited.ready.empty()) throw std::runtime_error("no task has ended for 60 s");
    for (const Atoll::Ref<Counted>& ready : waited.ready) {
      const Counted counted = ready.get();
      NodeShare& share = shares[counted.node];
      share.tasks += 1;
      share.bytes += counted.bytes;
      share.words += counted.words;
      progress.add(counted.bytes);
    }
    pending = std::move(waited.pending);
  }
  return shares;
}

Summary fold(const Partitions& partitions) {
  std::vector<Atoll::Ref<Summary>> parts;
  for (const Atoll::Actor<Partition>& partition : partitions) parts.push_back(partition.call(&Partition::summarize));
  Summary whole;
  for (const Summary& part : Atoll::get(parts, seconds(60))) whole.add(part);
  whole.keep_top(kTop);
  return whole;
}

void print_answer(const Summary& summary, const std::vector<Atoll::NodeView>& nodes,
                  std::map<std::string, NodeShare>& shares) {
  std::printf("\ntop words\n");
  for (const Word& word : summary.top) std::printf("%12llu  %s\n", number(word.count), word.text.c_str());
  std::printf("\ntasks per node\n");
  for (const Atoll::NodeView& node : nodes) {
    const NodeShare& share = shares[node.name];
    std::printf("%-12s %4d tasks %7.1f MB %10llu words\n", node.name.c_str(), share.tasks, megabytes(share.bytes),
                number(share.words));
  }
}

bool check(const Summary& ours, const std::vector<TextFile>& files) {
  const Clock::time_point start = Clock::now();
  const Summary theirs = count_with_coreutils(files, kTop);
  if (ours == theirs) {
    std::printf("coreutils count the same, in %.2f s: every word, %llu in all, %llu distinct\n", since(start),
                number(theirs.words), number(theirs.distinct));
    return true;
  }
  std::fprintf(stderr, "wordcount: coreutils count %llu words, %llu distinct, digest %016llx, and we %llu, %llu, %016llx\n",
               number(theirs.words), number(theirs.distinct), number(theirs.digest), number(ours.words),
               number(ours.distinct), number(ours.digest));
  return false;
}

int count_words(const Atoll::Cluster& cluster, const std::string& folder, bool checked) {
  const std::vector<Atoll::NodeView> nodes = cluster.nodes();
  print_cluster(cluster.name(), nodes);
  const std::vector<TextFile> files = find_texts(folder);
  const std::uint64_t bytes = size_of(files);
  const std::vector<Chunk> chunks = cut(files, chunk_size(bytes, nodes));
  if (chunks.empty()) throw std::runtime_error(folder + " has no text files");
  Partitions partitions;
  for (std::size_t i = 0; i < nodes.size(); ++i) partitions.push_back(Atoll::actor<Partition>().create());
  std::printf("\n%zu files, %.1f MB: %zu tasks, %zu partitions\n", files.size(), megabytes(bytes), chunks.size(),
              partitions.size());
  const Clock::time_point start = Clock::now();
  const Atoll::Ref<Partitions> everywhere = Atoll::put(partitions);
  std::vector<Atoll::Ref<Counted>> counted;
  for (const Chunk& chunk : chunks)
    counted.push_back(Atoll::task(count_chunk).submit(static_cast<std::uint32_t>(counted.size()), chunk, everywhere));
  std::map<std::string, NodeShare> shares = collect(std::move(counted), bytes);
  const Summary summary = fold(partitions);
  const double took = since(start);
  print_answer(summary, nodes, shares);
  std::printf("\n%llu words, %llu distinct, in %.2f s\n", number(summary.words), number(summary.distinct), took);
  std::fflush(stdout);
  return !checked || check(summary, files) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Atoll::Cluster cluster = Atoll::connect(argc, argv);
    std::string folder = "/usr/share/doc";
    bool checked = false;
    for (int i = 1; i < argc; ++i) {
      if (std::strcmp(argv[i], "--check") == 0) {
        checked = true;
      } else if (argv[i][0] != '-') {
        folder = argv[i];
      } else {
        std::fprintf(stderr, "wordcount: no option %s; usage: wordcount [--check] [FOLDER]\n", argv[i]);
        return 2;
      }
    }
    return count_words(cluster, folder, checked);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wordcount: %s\n", error.what());
    return 1;
  }
}
