#pragma once

// Text files in pieces, and the words in them; nothing here is about clusters. A word is a maximal run of ASCII letters,
// counted in lower case.

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include <atoll/codec.h>

using Table = std::unordered_map<std::string, std::uint64_t>;

struct TextFile {
  std::string path;
  std::uint64_t size = 0;
};

// The bytes [begin, end) of a file. A word belongs to the piece in which it begins.
struct Piece {
  std::string path;
  std::uint64_t begin = 0, end = 0;
  ATOLL_FIELDS(path, begin, end)
};
using Chunk = std::vector<Piece>;

inline bool is_letter(char c) { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; }

// The readable regular files below `folder`, sorted by path, without those that end in ".gz". No link below it is
// followed.
inline std::vector<TextFile> find_texts(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::vector<TextFile> files;
  for (const fs::directory_entry& entry :
       fs::recursive_directory_iterator(fs::canonical(folder), fs::directory_options::skip_permission_denied)) {
    if (entry.is_symlink() || !entry.is_regular_file() || entry.path().extension() == ".gz") continue;
    if (::access(entry.path().c_str(), R_OK) == 0) files.push_back({entry.path().string(), entry.file_size()});
  }
  std::sort(files.begin(), files.end(), [](const TextFile& a, const TextFile& b) { return a.path < b.path; });
  return files;
}

inline std::uint64_t size_of(const std::vector<TextFile>& files) {
  std::uint64_t bytes = 0;
  for (const TextFile& file : files) bytes += file.size;
  return bytes;
}

inline std::uint64_t size_of(const Chunk& chunk) {
  std::uint64_t bytes = 0;
  for (const Piece& piece : chunk) bytes += piece.end - piece.begin;
  return bytes;
}

// All files in chunks of `size` bytes each, but for the last: small files together, large ones in pieces.
inline std::vector<Chunk> cut(const std::vector<TextFile>& files, std::uint64_t size) {
  std::vector<Chunk> chunks(1);
  std::uint64_t room = size;
  for (const TextFile& file : files) {
    for (std::uint64_t begin = 0; begin < file.size;) {
      const std::uint64_t end = std::min(file.size, begin + room);
      chunks.back().push_back({file.path, begin, end});
      room -= end - begin;
      begin = end;
      if (room > 0) continue;
      chunks.emplace_back();
      room = size;
    }
  }
  if (chunks.back().empty()) chunks.pop_back();
  return chunks;
}

// The piece with the byte before it, if there is one, and the rest of the word that its end cuts.
inline std::string read_piece(const Piece& piece) {
  std::ifstream in(piece.path, std::ios::binary);
  const std::uint64_t from = piece.begin == 0 ? 0 : piece.begin - 1;
  std::string text(piece.end - from, '\0');
  in.seekg(static_cast<std::streamoff>(from));
  if (!in.read(text.data(), static_cast<std::streamsize>(text.size())))
    throw std::runtime_error("cannot read " + piece.path);
  for (char next; is_letter(text.back()) && in.get(next);) text.push_back(next);
  return text;
}

// Adds the words of the piece to `table` and returns how many there were. Throws std::runtime_error for a file that
// cannot be read.
inline std::uint64_t count_piece(const Piece& piece, Table& table) {
  const std::string text = read_piece(piece);
  std::size_t i = 0;
  if (piece.begin > 0)
    while (i < text.size() && is_letter(text[i])) ++i;  // they end a word of the piece before
  std::uint64_t words = 0;
  for (std::string word; i < text.size(); ++i) {
    if (!is_letter(text[i])) continue;
    for (word.clear(); i < text.size() && is_letter(text[i]); ++i) word.push_back(static_cast<char>(text[i] | 0x20));
    ++table[word];
    ++words;
  }
  return words;
}
