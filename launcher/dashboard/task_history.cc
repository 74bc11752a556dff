#include "launcher/dashboard/task_history.h"

#include <algorithm>

namespace Atoll {

void TaskHistory::add(Time began, const TaskSample& sample) {
  samples_.push_back(sample);
  if (samples_.size() > kMostSamples) samples_.pop_front();
  next_ = std::max(began + kSampleEach, sample.at + kSampleShare * (sample.at - began));
}

}  // namespace Atoll
