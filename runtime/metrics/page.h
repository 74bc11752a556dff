#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "runtime/metrics/histogram.h"
#include "runtime/metrics/metric.h"

namespace Atoll {

// What one process says at one moment: a value.
class MetricsPage {
 public:
  using Labels = std::vector<std::pair<const char*, std::string>>;
  struct Sample {
    Labels labels;
    double value = 0;
  };
  struct Entry {
    std::vector<Sample> samples;
    std::vector<DurationHistogram> histograms;  // at most one, without labels
  };

  template <typename Number>
  void add(Metric metric, Number value, Labels labels = {}) {
    at(metric).samples.push_back({std::move(labels), static_cast<double>(value)});
  }
  void add(Metric metric, const DurationHistogram& histogram) { at(metric).histograms = {histogram}; }

  const Entry& of(Metric metric) const { return entries_[static_cast<std::size_t>(metric)]; }

 private:
  Entry& at(Metric metric) { return entries_[static_cast<std::size_t>(metric)]; }

  std::array<Entry, kMetrics> entries_;
};

// Prometheus' text format 0.0.4. Families without a sample are left out.
std::string to_text(const MetricsPage& page);
inline constexpr const char* kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace Atoll
