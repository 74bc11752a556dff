#pragma once

#include <string_view>

namespace Atoll {

// Whether all that the containers and strings in `bytes`, one msgpack value,
// announce together can be there. msgpack makes room for an array when it sees
// its header, and one that lies may stand inside another that does. Takes time
// linear in the number of values, and no memory.
bool announces_what_it_has(std::string_view bytes);

}  // namespace Atoll
