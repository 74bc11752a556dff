#include "runtime/client/split.h"

#include <atoll/codec.h>
#include <doctest/doctest.h>

#include <map>
#include <tuple>

namespace Atoll {

TEST_CASE("the parts of a tuple are what each would be alone") {
  const std::map<std::string, double> map{{"a", 0.5}};
  const auto parts = split_array(internal::encode_value(std::make_tuple(-7, std::string("x"), map, 1.5F)), 4);
  REQUIRE(parts.ok());
  CHECK(internal::decode_value<int>((*parts)[0]) == -7);
  CHECK(internal::decode_value<std::string>((*parts)[1]) == "x");
  CHECK(internal::decode_value<std::map<std::string, double>>((*parts)[2]) == map);
  CHECK((*parts)[3] == internal::encode_value(1.5F));
}

TEST_CASE("what is no list, or has another length, is not split, and the error says why") {
  CHECK(split_array(internal::encode_value(std::vector<int>{1, 2, 3}), 4).status().message() ==
        "there are 3 values, and 4 were to be split off");
  CHECK(split_array(internal::encode_value(std::string("abc")), 3).status().message() ==
        "the value to be split is neither a tuple nor a list");
  CHECK(!split_array("", 1).ok());
}

TEST_CASE("a long list of numbers is split as a short one is") {
  const auto split_up = [](const auto& values) {
    const auto parts = split_array(internal::encode_value(values), values.size());
    REQUIRE(parts.ok());
    using Number = typename std::decay_t<decltype(values)>::value_type;
    for (std::size_t i = 0; i < values.size(); ++i) CHECK(internal::decode_value<Number>((*parts)[i]) == values[i]);
  };
  split_up(std::vector<int>(5'000, -7));
  split_up(std::vector<double>(5'000, 0.1));
  split_up(std::vector<float>(5'000, 0.1f));
  split_up(std::vector<std::uint64_t>(5'000, ~std::uint64_t{0}));
  split_up(std::vector<std::int8_t>(5'000, -1));
  CHECK(split_array(internal::encode_value(std::vector<int>(5'000)), 4).status().message() ==
        "there are 5000 values, and 4 were to be split off");
}

}  // namespace Atoll
