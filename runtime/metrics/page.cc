#include "runtime/metrics/page.h"

#include <fmt/format.h>

#include <cmath>

namespace Atoll {
namespace {

// Of a label's value, or of a help text, in which quotes stand as they are.
std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out += c;
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  if (value == std::floor(value) && std::abs(value) < 9e15) return fmt::format("{:.0f}", value);
  return fmt::format("{}", value);
}

const char* word_of(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
  }
  return "untyped";
}

void print(std::string& text, const MetricFamily& family, const MetricsPage::Sample& sample) {
  text += family.name;
  const char* before = "{";
  for (const auto& [name, value] : sample.labels) {
    text += fmt::format("{}{}=\"{}\"", before, name, escaped(value, true));
    before = ",";
  }
  if (!sample.labels.empty()) text += '}';
  text += ' ' + number(sample.value) + '\n';
}

// Each bucket counts all that is shorter, too.
void print(std::string& text, const MetricFamily& family, const DurationHistogram& histogram) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
    count += histogram.counts()[i];
    const bool last = i == DurationHistogram::kBounds.size();
    text += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", family.name, last ? "+Inf" : number(DurationHistogram::kBounds[i]), count);
  }
  text += fmt::format("{}_sum {}\n{}_count {}\n", family.name, number(histogram.sum()), family.name, count);
}

}  // namespace

std::string to_text(const MetricsPage& page) {
  std::string text;
  for (std::size_t i = 0; i < kMetrics; ++i) {
    const MetricFamily& family = metric_families()[i];
    const MetricsPage::Entry& entry = page.of(static_cast<Metric>(i));
    if (entry.samples.empty() && entry.histograms.empty()) continue;
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family.name, escaped(family.help, false), family.name, word_of(family.type));
    for (const MetricsPage::Sample& sample : entry.samples) print(text, family, sample);
    for (const DurationHistogram& histogram : entry.histograms) print(text, family, histogram);
  }
  return text;
}

}  // namespace Atoll
