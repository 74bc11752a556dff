#include "launcher/json_input.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace Atoll {
namespace {

using nlohmann::json;

Status invalid(const std::string& words) { return Status(Code::kInvalidArgument, words); }

// Before anything is built: what is nested deeply could be built, and would be slow to take down.
Status check_depth(std::string_view text) {
  int depth = 0, line = 1;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth)
        return invalid("line " + std::to_string(line) + ": more than " + std::to_string(kMaxJsonDepth) +
                       " arrays and objects inside each other");
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return Status();
}

// Notices a key that an object has twice.
class KeyWatch {
 public:
  bool operator()(int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) keys_.emplace_back();
    if (event == json::parse_event_t::object_end) keys_.pop_back();
    if (event == json::parse_event_t::key && !keys_.back().insert(parsed.get<std::string>()).second && twice_.empty())
      twice_ = parsed.get<std::string>();
    return true;
  }
  const std::string& twice() const { return twice_; }

 private:
  std::vector<std::set<std::string>> keys_;
  std::string twice_;
};

// The parser says "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error …".
std::string words_of(const json::exception& error) {
  const std::string words = error.what();
  const std::size_t line = words.find("line ");
  if (line != std::string::npos) return words.substr(line);
  const std::size_t end = words.find("] ");
  return end == std::string::npos ? words : words.substr(end + 2);
}

}  // namespace

Result<json> parse_json(std::string_view text) {
  ATOLL_RETURN_IF_ERROR(check_depth(text));
  KeyWatch watch;
  try {
    json value = json::parse(
        text, [&watch](int depth, json::parse_event_t event, json& parsed) { return watch(depth, event, parsed); });
    if (!watch.twice().empty()) return invalid("the key '" + watch.twice() + "' stands twice in one object");
    return value;
  } catch (const json::exception& error) {
    return invalid(words_of(error));
  }
}

Status not_what(const std::string& path, const std::string& what, const json& value) {
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > 40) text = text.substr(0, 37) + "...";
  return invalid(path + " must be " + what + ", not " + text);
}

Result<std::uint64_t> to_whole(const json& value, const std::string& path, std::uint64_t least, std::uint64_t most) {
  const auto fails = [&] {
    return not_what(path, "a whole number from " + std::to_string(least) + " to " + std::to_string(most), value);
  };
  if (!value.is_number()) return fails();
  const double number = value.get<double>();
  if (number != std::floor(number) || number < static_cast<double>(least) || number > static_cast<double>(most))
    return fails();
  return value.is_number_float() ? static_cast<std::uint64_t>(number) : value.get<std::uint64_t>();
}

Result<Fixed> to_amount(const json& value, const std::string& path) {
  if (!value.is_number()) return not_what(path, "a number", value);
  const double given = value.get<double>();
  const auto amount = Fixed::from_double(given);
  if (!amount.ok()) return amount.status().prefixed(path);
  // What a file says shall be what is granted: 0.57 is no exact double, 0.33333 is another amount than 0.3333.
  if (std::abs(given - amount->to_double()) > 1e-9 * std::max(1.0, given))
    return invalid(path + " has more than four decimals, " + value.dump() + "; amounts are steps of 0.0001, say " +
                   amount->to_string());
  return amount;
}

Result<std::string> to_text(const json& value, const std::string& path) {
  if (!value.is_string()) return not_what(path, "a string", value);
  return value.get<std::string>();
}

Result<JsonObject> JsonObject::of(const json& value, std::string path) {
  if (!value.is_object()) return not_what(path.empty() ? "the file" : path, "an object", value);
  return JsonObject(value, std::move(path));
}

const json* JsonObject::find(const char* key) const {
  const auto found = value_->find(key);
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

Status JsonObject::allow_only(std::initializer_list<const char*> keys) const {
  for (const auto& [key, value] : value_->items()) {
    if (std::ranges::find(keys, key) != keys.end()) continue;
    std::string known;
    for (const char* name : keys) known += (known.empty() ? "" : ", ") + std::string(name);
    return invalid((path_.empty() ? "the file" : path_) + " has the unknown key '" + key + "'; known are " + known);
  }
  return Status();
}

Result<std::string> JsonObject::text(const char* key, const std::string& otherwise) const {
  const json* found = find(key);
  if (found == nullptr) return otherwise;
  return to_text(*found, path_of(key));
}

Result<std::uint64_t> JsonObject::whole(const char* key, std::uint64_t least, std::uint64_t most,
                                        std::uint64_t otherwise) const {
  const json* found = find(key);
  if (found == nullptr) return otherwise;
  return to_whole(*found, path_of(key), least, most);
}

Result<const json*> JsonObject::array(const char* key) const {
  static const json kEmpty = json::array();
  const json* found = find(key);
  if (found == nullptr) return &kEmpty;
  if (!found->is_array()) return not_what(path_of(key), "an array", *found);
  return found;
}

}  // namespace Atoll
