#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace Atoll {

// How hwloc XML writes values; each is told from anything else.

// A whole number that fits in 64 bits.
std::optional<std::uint64_t> hwloc_number(std::string_view text);

// Whether the text has the form of the pattern: in it x is one hexadecimal digit, X one to eight, 9 one to twelve
// digits or points, and all else itself.
bool has_form(std::string_view text, std::string_view pattern);

// A finite set, "0x0000000f,,0x3": words of 32 bits, the highest first; here the lowest first, without leading zeros.
// At most 65,536 members.
using HwlocWords = std::vector<std::uint32_t>;
std::optional<HwlocWords> hwloc_words(std::string_view text);

// The set as hwloc writes it, without words left out.
std::string to_string(const HwlocWords& words);

// The lowest member; none of an empty set.
std::optional<unsigned> first_of(const HwlocWords& words);

// Whether all of `part` is in `whole`.
bool within(const HwlocWords& part, const HwlocWords& whole);

}  // namespace Atoll
