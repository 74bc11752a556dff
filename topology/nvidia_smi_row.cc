#include "topology/nvidia_smi_row.h"

#include <algorithm>

#include "topology/words.h"

namespace Atoll {

namespace {

constexpr std::size_t kTabWidth = 8;

// A piece of the row and where it begins.
struct Piece {
  std::string text;
  std::size_t column = 0;
};

std::vector<Piece> pieces_of(const std::vector<std::string_view>& views, std::string_view line) {
  std::vector<Piece> pieces;
  for (const std::string_view view : views)
    pieces.push_back({std::string(trim(view)), static_cast<std::size_t>(view.data() - line.data())});
  return pieces;
}

// The fields between tabs from the label on; none if these are no fields of a table.
std::vector<Piece> tab_pieces(std::string_view line, std::size_t cells) {
  std::vector<Piece> pieces = pieces_of(split_fields(line, '\t'), line);
  const auto label = std::find_if(pieces.begin(), pieces.end(), [](const Piece& piece) { return !piece.text.empty(); });
  pieces.erase(pieces.begin(), label);
  const std::size_t inner = std::min(pieces.size(), cells + 1);
  for (std::size_t i = 0; i < inner; ++i)
    if (split_words(pieces[i].text).size() > 1) return {};
  return pieces;
}

// "0-3, 8" is one list.
std::vector<Piece> join_lists(const std::vector<Piece>& pieces) {
  std::vector<Piece> joined;
  for (const Piece& piece : pieces) {
    if (!joined.empty() && joined.back().text.ends_with(','))
      joined.back().text += piece.text;
    else
      joined.push_back(piece);
  }
  return joined;
}

void set_affinity(SmiRow& row, SmiTitle title, const std::string& text) {
  switch (title) {
    case SmiTitle::kCpuAffinity:
      row.cpu_affinity = text;
      break;
    case SmiTitle::kNumaAffinity:
      row.numa_affinity = text;
      break;
    case SmiTitle::kGpuNuma:
      row.gpu_numa = text;
      break;
  }
}

// nvidia-smi prints an empty field before the last one: the last title has the last field that is not empty.
void set_by_tabs(SmiRow& row, const std::vector<Piece>& fields, const SmiHeader& header) {
  for (std::size_t i = 0; i < header.titles.size() && i < fields.size(); ++i) {
    std::size_t field = i;
    if (i + 1 == header.titles.size())
      for (std::size_t later = i; later < fields.size(); ++later)
        if (!fields[later].text.empty()) field = later;
    set_affinity(row, header.titles[i].title, fields[field].text);
  }
}

// If there are fewer words than titles, a word that begins a tab's width or more behind its title belongs to a later
// one: so it stands where tabs were made blanks, and the more so where columns were padded.
void set_by_words(SmiRow& row, const std::vector<Piece>& words, const SmiHeader& header) {
  std::size_t title = 0;
  for (std::size_t word = 0; word < words.size() && title < header.titles.size(); ++word, ++title) {
    const auto spare = [&] { return header.titles.size() - title > words.size() - word; };
    while (!header.tabs && spare() && words[word].column >= header.titles[title].column + kTabWidth) ++title;
    set_affinity(row, header.titles[title].title, words[word].text);
  }
}

}  // namespace

SmiRow read_smi_row(const SmiLine& line, const SmiHeader& header) {
  const std::size_t cells = header.devices.size();
  std::vector<Piece> pieces = tab_pieces(line.text, cells);
  const bool tabs = line.text.find('\t') != std::string::npos && !pieces.empty();
  if (!tabs) pieces = pieces_of(split_words(line.text), line.text);

  SmiRow row;
  row.line = line.number;
  row.device = pieces.front().text;
  const std::size_t end = std::min(pieces.size(), cells + 1);
  for (std::size_t i = 1; i < end; ++i) row.cells.push_back(pieces[i].text);
  if (line.cut && pieces.size() <= cells && !row.cells.empty()) row.cells.pop_back();

  const std::vector<Piece> rest(pieces.begin() + static_cast<std::ptrdiff_t>(end), pieces.end());
  if (tabs)
    set_by_tabs(row, rest, header);
  else
    set_by_words(row, join_lists(rest), header);
  return row;
}

}  // namespace Atoll
