#include "topology/link_speed.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace Atoll {

namespace {

constexpr double kUnknownNvlink = 20;

struct Named {
  std::string_view name;  // the beginning of a word of the model, upper case, no digit after it
  int compute_capability;
};

constexpr Named kModels[] = {
    {"P100", 60},  {"V100", 70},  {"V100S", 70}, {"GV100", 70},  {"A100", 80},  {"A100X", 80},
    {"A800", 80},  {"A30", 80},   {"A40", 86},   {"A6000", 86},  {"A5500", 86}, {"A5000", 86},
    {"A4500", 86}, {"3090", 86},  {"H100", 90},  {"H200", 90},   {"H800", 90},  {"H20", 90},
    {"GH200", 90}, {"B100", 100}, {"B200", 100}, {"GB200", 100}, {"B300", 103}, {"GB300", 103},
};

struct Xgmi {
  std::string_view begin;  // of a word, upper case
  double gbps;
};

constexpr Xgmi kXgmi[] = {
    {"MI2", 36},   {"MI3", 48}, {"GFX90A", 36}, {"90A", 36}, {"910", 36},
    {"GFX94", 48}, {"94", 48},  {"GFX95", 48},  {"95", 48},
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// Calls `use` with each run of letters and digits, in upper case.
template <typename Use>
void for_each_word(std::string_view text, const Use& use) {
  std::string word;
  for (const char c : text) {
    if (is_word(c)) {
      word.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
    } else if (!word.empty()) {
      use(word);
      word.clear();
    }
  }
  if (!word.empty()) use(word);
}

bool names(std::string_view word, std::string_view name) {
  if (!word.starts_with(name)) return false;
  return word.size() == name.size() || std::isdigit(static_cast<unsigned char>(word[name.size()])) == 0;
}

}  // namespace

double nvlink_lane_gbps(int compute_capability) {
  if (compute_capability >= 100) return 40.1;
  if (compute_capability >= 90) return 20.6;
  if (compute_capability == 86) return 12;
  if (compute_capability >= 70) return 20;
  return compute_capability >= 60 ? 18 : kUnknownNvlink;
}

double xgmi_lane_gbps(std::string_view architecture_or_model) {
  double gbps = 24;
  for_each_word(architecture_or_model, [&](const std::string& word) {
    for (const Xgmi& xgmi : kXgmi)
      if (word.starts_with(xgmi.begin)) gbps = xgmi.gbps;
  });
  return gbps;
}

int compute_capability(std::string_view model) {
  int found = 0;
  for_each_word(model, [&](const std::string& word) {
    for (const Named& named : kModels)
      if (found == 0 && names(word, named.name)) found = named.compute_capability;
  });
  return found;
}

int nvlink_lanes(int compute_capability) {
  if (compute_capability == 86) return 4;
  if (compute_capability >= 90 || compute_capability < 60) return 18;
  if (compute_capability >= 80) return 12;
  return compute_capability >= 70 ? 6 : 4;
}

}  // namespace Atoll
