#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace Atoll {

// Small helpers of the readers of text. All are pure and know ASCII only.

// Without the white space at both ends, line feeds apart.
std::string_view trim(std::string_view text);

// The pieces between `separator`, empty ones too; one piece if there is no separator.
std::vector<std::string_view> split_fields(std::string_view text, char separator);

// The runs of anything but white space.
std::vector<std::string_view> split_words(std::string_view text);

// A decimal number from 0 to `most`, digits only; none for anything else.
std::optional<int> to_index(std::string_view word, int most);

std::string to_lower(std::string_view text);

// Order of names by which mlx5_2 comes before mlx5_10: runs of digits compare as numbers.
bool natural_less(std::string_view a, std::string_view b);

// "0000:1b:00.0" for any of "00000000:1B:00.0", "0000:1b:00.0" and "1b:00.0". What is no PCI address stays as it is,
// in lower case.
std::string normal_pci(std::string_view address);

// For words out of a file that stand in a message: at most 40 bytes, printable ASCII, '?' in place of all else.
std::string quote(std::string_view text);

}  // namespace Atoll
