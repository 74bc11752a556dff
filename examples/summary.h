#pragma once

// What there is to say about word counts, and the same said by coreutils.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "text.h"

struct Word {
  std::string text;
  std::uint64_t count = 0;
  ATOLL_FIELDS(text, count)
  friend bool operator==(const Word&, const Word&) = default;
};

// The same number for the same word in every process and build (FNV-1a).
inline std::uint64_t stable_hash(const std::string& word) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash ^ hash >> 32;
}

// Of one table, or of several that share no word.
struct Summary {
  std::uint64_t words = 0, distinct = 0;
  std::uint64_t digest = 0;  // of all words with their counts, whatever their order
  std::vector<Word> top;     // most frequent first, alphabetical among equals
  ATOLL_FIELDS(words, distinct, digest, top)
  friend bool operator==(const Summary&, const Summary&) = default;

  void add(const Word& word) {
    words += word.count;
    distinct += 1;
    digest += stable_hash(word.text + ' ' + std::to_string(word.count));
    top.push_back(word);
  }

  void add(const Summary& other) {
    words += other.words;
    distinct += other.distinct;
    digest += other.digest;
    top.insert(top.end(), other.top.begin(), other.top.end());
  }

  void keep_top(std::size_t most) {
    std::sort(top.begin(), top.end(),
              [](const Word& a, const Word& b) { return a.count != b.count ? a.count > b.count : a.text < b.text; });
    top.resize(std::min(most, top.size()));
  }
};

// A file without a name, which goes with this process however it ends.
class TemporaryFile {
 public:
  TemporaryFile() {
    const char* folder = std::getenv("TMPDIR");
    std::string name = std::string(folder != nullptr ? folder : "/tmp") + "/wordcount-XXXXXX";
    fd_ = ::mkstemp(name.data());
    if (fd_ < 0) throw std::runtime_error("cannot make a temporary file " + name);
    ::unlink(name.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { ::close(fd_); }
  // By which this process and its children open it.
  std::string path() const { return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_); }

 private:
  int fd_ = -1;
};

// Counts the same words of the same files; cut ends each file with a newline, lest its last word and the next file's first
// become one. Throws std::runtime_error when that does not work.
inline Summary count_with_coreutils(const std::vector<TextFile>& files, std::size_t most) {
  const TemporaryFile list;
  std::ofstream names(list.path(), std::ios::binary);
  for (const TextFile& file : files) names << file.path << '\0';
  names.close();
  const std::string command = "exec bash -o pipefail -c 'export LC_ALL=C; xargs -0 cut -b1- < " + list.path() +
                              " | tr -cs A-Za-z \"\\n\" | tr A-Z a-z | sort | uniq -c'";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (!pipe) throw std::runtime_error("cannot run coreutils: no shell can be started");
  Summary summary;
  char* line = nullptr;
  for (std::size_t room = 0; ::getline(&line, &room, pipe.get()) > 0;) {
    char* end = nullptr;
    const std::uint64_t count = std::strtoull(line, &end, 10);
    std::string word(end);
    word.erase(std::remove_if(word.begin(), word.end(), [](char c) { return !is_letter(c); }), word.end());
    if (!word.empty()) summary.add(Word{word, count});
  }
  std::free(line);
  if (::pclose(pipe.release()) != 0) throw std::runtime_error("coreutils could not count the words: see above");
  summary.keep_top(most);
  return summary;
}
