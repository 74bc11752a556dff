#pragma once

#include <atoll/tensor.h>

#include <memory>
#include <string>

namespace Atoll {

// "[3, 4]".
std::string words_of(const Shape& shape);
// Aligned to internal::kArrayAlign.
std::shared_ptr<char> tensor_memory(std::size_t bytes);
// Whether the elements lie in one block from the first on, each once, in whatever order of dimensions.
bool has_no_gaps(const Shape& shape, const Strides& strides);
// What stands in front of the elements as they travel, but for the padding.
std::string tensor_head(const DType& dtype, const Shape& shape, const Strides& strides);

}  // namespace Atoll
