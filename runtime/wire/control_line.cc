#include "runtime/wire/control_line.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/base/check.h"
#include "runtime/wire/base64.h"

namespace Atoll {

namespace {

using nlohmann::json;

constexpr std::string_view kMark =
    "\x1e"
    "atoll ";
// JSON may make three bytes of one: these leave room for that.
constexpr std::size_t kMaxNameBytes = 100;
constexpr std::size_t kMaxWhyBytes = 400;
constexpr std::size_t kCardPartBytes = 360;  // 480 in base64
constexpr int kMaxRank = 1 << 20;

Status malformed(const std::string& why) { return Status(Code::kInvalidArgument, why); }

// `text` for a line: at most `most` bytes, not cut inside a character, without control characters.
std::string tidy(std::string text, std::size_t most) {
  if (text.size() > most) {
    while (most > 0 && (text[most] & 0xc0) == 0x80) --most;
    text.resize(most);
  }
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

std::string to_line(std::string_view mark, const json& object) {
  return std::string(mark) + object.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

std::string event_line(const json& object) {
  std::string line = to_line(kMark, object);
  ATOLL_CHECK(line.size() <= kMaxEventBytes, line.size());
  return line;
}

json head_of(const char* name, int rank, const std::string& node) {
  return {{"event", name}, {"rank", rank}, {"node", tidy(node, kMaxNameBytes)}};
}

std::vector<std::string> card_lines(const CardEvent& event) {
  ATOLL_CHECK(event.card.size() <= kMaxControlCardBytes, event.card.size());
  const std::size_t parts = std::max<std::size_t>(1, (event.card.size() + kCardPartBytes - 1) / kCardPartBytes);
  std::vector<std::string> lines;
  for (std::size_t part = 0; part < parts; ++part) {
    json object = head_of("card", event.rank, event.node);
    object["part"] = part;
    object["parts"] = parts;
    object["card"] = to_base64(std::string_view(event.card).substr(part * kCardPartBytes, kCardPartBytes));
    lines.push_back(event_line(object));
  }
  return lines;
}

struct Encoder {
  std::vector<std::string> operator()(const PresentEvent& event) const {
    json object = head_of("present", event.rank, event.node);
    object["pid"] = event.pid;
    return {event_line(object)};
  }
  std::vector<std::string> operator()(const StageEvent& event) const {
    json object = head_of("stage", event.rank, event.node);
    object["stage"] = tidy(event.stage, kMaxNameBytes);
    return {event_line(object)};
  }
  std::vector<std::string> operator()(const CardEvent& event) const { return card_lines(event); }
  std::vector<std::string> operator()(const ReadyEvent& event) const {
    return {event_line(head_of("ready", event.rank, event.node))};
  }
  std::vector<std::string> operator()(const FailedEvent& event) const {
    json object = head_of("failed", event.rank, event.node);
    std::string why = tidy(event.why, kMaxWhyBytes);
    do {
      object["why"] = why;
      why = tidy(why, why.size() / 2);
    } while (to_line(kMark, object).size() > kMaxEventBytes);
    return {event_line(object)};
  }
};

// The fields of a JSON object, read without a throw: what is missing or of another type is remembered.
class Fields {
 public:
  static Result<Fields> parse(std::string_view text) {
    json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) return malformed("not a JSON object");
    return Fields(std::move(object));
  }

  std::string text(const char* key, std::size_t most) {
    const auto found = object_.find(key);
    const auto* value = found == object_.end() ? nullptr : found->get_ptr<const std::string*>();
    if (value != nullptr && value->size() <= most) return *value;
    complain(key, "a string of at most " + std::to_string(most) + " bytes");
    return "";
  }

  int number(const char* key, int least, int most) {
    const auto found = object_.find(key);
    if (found != object_.end() && found->is_number_integer()) {
      const auto value = found->get<std::int64_t>();
      if (value >= least && value <= most) return static_cast<int>(value);
    }
    complain(key, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return 0;
  }

  std::string bytes(const char* key, std::size_t most) {
    Result<std::string> decoded = from_base64(text(key, (most + 2) / 3 * 4));
    if (decoded.ok()) return *decoded;
    complain(key, "base64");
    return "";
  }

  const Status& status() const { return status_; }

 private:
  explicit Fields(json object) : object_(std::move(object)) {}

  void complain(const char* key, const std::string& wanted) {
    if (status_.ok()) status_ = malformed(std::string("\"") + key + "\" must be " + wanted);
  }

  json object_;
  Status status_;
};

}  // namespace

std::vector<std::string> encode_event(const ControlEvent& event) { return std::visit(Encoder(), event); }

EventReader::Output EventReader::feed(std::string_view bytes) {
  pending_.append(bytes);
  Output output;
  while (take_next(output)) {
  }
  return output;
}

std::string EventReader::finish() { return std::exchange(pending_, ""); }

// Takes one event line or one stretch of ordinary output off pending_; false when more bytes are needed.
bool EventReader::take_next(Output& output) {
  if (pending_.empty()) return false;
  const auto pass_on = [&](std::size_t size) {
    output.text.append(pending_, 0, size);
    pending_.erase(0, size);
    return true;
  };
  if (pending_[0] != kMark[0]) return pass_on(std::min(pending_.find(kMark[0]), pending_.size()));
  const std::size_t known = std::min(pending_.size(), kMark.size());
  if (pending_.compare(0, known, kMark, 0, known) != 0) return pass_on(1);
  const std::size_t end = pending_.find('\n');
  if (end == std::string::npos) return pending_.size() >= kMaxEventBytes && pass_on(pending_.size());
  const std::string line = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  if (Status status = take_event(std::string_view(line).substr(kMark.size()), output); !status.ok())
    output.warnings.push_back("malformed control line: " + status.message());
  return true;
}

Status EventReader::take_event(std::string_view text, Output& output) {
  if (text.size() > kMaxEventBytes) return malformed("longer than " + std::to_string(kMaxEventBytes) + " bytes");
  Result<Fields> parsed = Fields::parse(text);
  ATOLL_RETURN_IF_ERROR(parsed.status());
  Fields& fields = *parsed;
  const std::string name = fields.text("event", kMaxEventBytes);
  const int rank = fields.number("rank", 0, kMaxRank);
  const std::string node = fields.text("node", kMaxEventBytes);
  const auto deliver = [&](ControlEvent event) {
    if (fields.status().ok()) output.events.push_back(std::move(event));
    return fields.status();
  };
  if (name == "present") return deliver(PresentEvent{rank, node, fields.number("pid", 0, 1 << 30)});
  if (name == "stage") return deliver(StageEvent{rank, node, fields.text("stage", kMaxEventBytes)});
  if (name == "ready") return deliver(ReadyEvent{rank, node});
  if (name == "failed") return deliver(FailedEvent{rank, node, fields.text("why", kMaxEventBytes)});
  if (name != "card")
    return fields.status().ok() ? malformed("unknown event \"" + tidy(name, 40) + "\"") : fields.status();
  const int parts = fields.number("parts", 1, 1 + static_cast<int>(kMaxControlCardBytes / kCardPartBytes));
  const int part = fields.number("part", 0, std::max(0, parts - 1));
  CardEvent event{rank, node, fields.bytes("card", kCardPartBytes)};
  ATOLL_RETURN_IF_ERROR(fields.status());
  return take_card_part(std::move(event), part, parts, output);
}

Status EventReader::take_card_part(CardEvent event, int index, int parts, Output& output) {
  Parts& so_far = cards_[event.rank];
  if (index == 0) so_far = Parts{parts, 0, ""};
  if (so_far.parts != parts || so_far.next != index) {
    const int rank = event.rank;
    cards_.erase(rank);
    return malformed("part " + std::to_string(index) + " of rank " + std::to_string(rank) + "'s card is out of order");
  }
  so_far.bytes += event.card;
  if (++so_far.next < parts) return Status();
  event.card = std::move(so_far.bytes);
  cards_.erase(event.rank);
  output.events.emplace_back(std::move(event));
  return Status();
}

std::string encode_command(const ControlCommand& command) {
  const auto* card = std::get_if<CardCommand>(&command);
  if (card == nullptr) return to_line("", {{"command", "stop"}});
  ATOLL_CHECK(card->card.size() <= kMaxControlCardBytes, card->card.size());
  return to_line("", {{"command", "card"}, {"card", to_base64(card->card)}});
}

Result<ControlCommand> decode_command(std::string_view line) {
  if (line.size() > kMaxCommandBytes) return malformed("longer than " + std::to_string(kMaxCommandBytes) + " bytes");
  Result<Fields> parsed = Fields::parse(line);
  ATOLL_RETURN_IF_ERROR(parsed.status());
  Fields& fields = *parsed;
  const std::string name = fields.text("command", kMaxNameBytes);
  ATOLL_RETURN_IF_ERROR(fields.status());
  if (name == "stop") return ControlCommand(StopCommand());
  if (name != "card") return malformed("unknown command \"" + tidy(name, 40) + "\"");
  CardCommand command{fields.bytes("card", kMaxControlCardBytes)};
  ATOLL_RETURN_IF_ERROR(fields.status());
  return ControlCommand(std::move(command));
}

}  // namespace Atoll
