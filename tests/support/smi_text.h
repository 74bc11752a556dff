#pragma once

#include <string>

// Texts of nvidia-smi for tests.
namespace Atoll::testing {

// Tables are written with | for a tab, so that one sees them.
inline std::string tabs(std::string text) {
  for (char& c : text)
    if (c == '|') c = '\t';
  return text;
}

// The matrix of so many GPUs, every two of them with this cell.
inline std::string mesh(int gpus, const std::string& cell) {
  std::string text;
  for (int column = 0; column < gpus; ++column) text += "\tGPU" + std::to_string(column);
  for (int row = 0; row < gpus; ++row) {
    text += "\nGPU" + std::to_string(row);
    for (int column = 0; column < gpus; ++column) text += "\t" + (row == column ? " X " : cell);
  }
  return text + "\n";
}

}  // namespace Atoll::testing
