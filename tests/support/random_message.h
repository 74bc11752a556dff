#pragma once

#include <random>
#include <utility>

#include "runtime/wire/messages.h"

namespace Atoll::testing {

// Messages of every kind with random fields. Everything follows from the seed.
class RandomMessages {
 public:
  explicit RandomMessages(std::uint64_t seed) : random_(seed) {}

  // A message of the kind at `place` in Message.
  Message make(std::size_t place) { return make(place, std::make_index_sequence<std::variant_size_v<MessageVariant>>()); }

 private:
  template <std::size_t... kIndex>
  Message make(std::size_t place, std::index_sequence<kIndex...>) {
    Message message;
    (void)((place == kIndex ? (message = make_as<std::variant_alternative_t<kIndex, MessageVariant>>(), true) : false) || ...);
    return message;
  }
  template <typename T>
  T make_as() {
    T message;
    fill(message);
    return message;
  }

  // Small numbers, large ones, and the ends of the range.
  template <typename T>
  T number() {
    switch (random_() % 4) {
      case 0: return static_cast<T>(random_() % 3);
      case 1: return std::numeric_limits<T>::max();
      case 2: return std::numeric_limits<T>::min();
      default: return static_cast<T>(random_());
    }
  }

  void fill(bool& value) { value = random_() % 2 == 0; }
  void fill(double& value) { value = static_cast<double>(random_() % 1000) / 8; }
  void fill(Fixed& value) { value = Fixed::raw(number<std::int64_t>()); }
  void fill(std::string& value) {
    value.resize(random_() % 3 == 0 ? random_() % 400 : random_() % 5);
    for (char& c : value) c = static_cast<char>(random_());
  }
  template <typename T>
    requires std::is_integral_v<T>
  void fill(T& value) { value = number<T>(); }
  template <typename T>
    requires std::is_enum_v<T>
  void fill(T& value) { value = T(number<std::underlying_type_t<T>>()); }
  template <typename Tag>
  void fill(GlobalId<Tag>& id) {
    fill(id.process);
    fill(id.sequence);
  }
  void fill(Contact& contact) {
    fill(contact.process);
    fill(contact.node);
    fill(contact.address);
  }
  void fill(Resources& resources) {
    fill(resources.cpu);
    fill(resources.gpu);
    fill(resources.memory);
    for (auto i = random_() % 3; i > 0; --i) {
      std::string name;
      fill(name);
      fill(resources.custom[name]);
    }
  }
  void fill(std::map<std::string, std::string>& values) {
    for (auto i = random_() % 3; i > 0; --i) {
      std::string name;
      fill(name);
      fill(values[name]);
    }
  }
  template <typename T>
  void fill(std::optional<T>& value) {
    if (random_() % 2 == 0) fill(value.emplace());
  }
  template <typename T>
  void fill(std::vector<T>& values) {
    values.resize(random_() % 4);
    for (T& value : values) fill(value);
  }
  template <typename T>
    requires requires(T& message) { message.visit_fields([](auto&...) {}); }
  void fill(T& message) {
    message.visit_fields([this](auto&... fields) { (fill(fields), ...); });
  }

  std::mt19937_64 random_;
};

}  // namespace Atoll::testing
