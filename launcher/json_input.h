#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "runtime/base/fixed.h"
#include "runtime/base/status.h"

namespace Atoll {

// Reads JSON that people wrote. Every failure is kInvalidArgument and one sentence that says where: the line, or the
// path to the value ("nodes[3].cpu").

// The value of `text`: at most kMaxJsonDepth arrays and objects inside each other, and no key twice in one object.
inline constexpr int kMaxJsonDepth = 32;
Result<nlohmann::json> parse_json(std::string_view text);

// One object of it. A key whose value is null is as good as absent.
class JsonObject {
 public:
  // `path` is what to call it.
  static Result<JsonObject> of(const nlohmann::json& value, std::string path);

  const std::string& path() const { return path_; }
  std::string path_of(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }
  const nlohmann::json& value() const { return *value_; }

  // The value, or null when it is absent.
  const nlohmann::json* find(const char* key) const;

  // Fails if it has another key than these.
  Status allow_only(std::initializer_list<const char*> keys) const;

  // What is there, or `otherwise` when it is absent.
  Result<std::string> text(const char* key, const std::string& otherwise) const;
  Result<std::uint64_t> whole(const char* key, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise) const;

  // An array; empty when it is absent.
  Result<const nlohmann::json*> array(const char* key) const;

 private:
  JsonObject(const nlohmann::json& value, std::string path) : value_(&value), path_(std::move(path)) {}

  const nlohmann::json* value_;
  std::string path_;
};

// One value, called `path` in errors: a whole number from `least` to `most` (at most 2^53), or an amount of a resource.
Result<std::uint64_t> to_whole(const nlohmann::json& value, const std::string& path, std::uint64_t least,
                               std::uint64_t most);
Result<Fixed> to_amount(const nlohmann::json& value, const std::string& path);
Result<std::string> to_text(const nlohmann::json& value, const std::string& path);

// "path must be what, not value".
Status not_what(const std::string& path, const std::string& what, const nlohmann::json& value);

}  // namespace Atoll
