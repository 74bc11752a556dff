// The peer of a cluster's start: a bare PMIx step that does what wire-up must do and nothing else. Rank 0 prints how
// long each stage took it, in milliseconds, as one JSON object. The Fence collects: without that it waits for nobody
// under Slurm's plugin.
//
//   srun -N4 --ntasks-per-node=1 --mpi=pmix build/bench/pmix_hello [bytes of the card, default 300]
#include <pmix.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;

class Stages {
 public:
  void end(const char* stage, pmix_status_t status) {
    if (status != PMIX_SUCCESS) {
      std::fprintf(stderr, "pmix_hello: %s: %s\n", stage, PMIx_Error_string(status));
      std::exit(1);
    }
    const Clock::time_point time = Clock::now();
    report_ += std::string(",\"") + stage + "_ms\":" + milliseconds(time - last_);
    last_ = time;
  }

  void print(unsigned size) const {
    std::printf("{\"tasks\":%u%s,\"total_ms\":%s}\n", size, report_.c_str(), milliseconds(last_ - first_).c_str());
  }

 private:
  static std::string milliseconds(Clock::duration duration) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", std::chrono::duration<double, std::milli>(duration).count());
    return text;
  }

  Clock::time_point first_ = Clock::now(), last_ = first_;
  std::string report_;
};

pmix_status_t put_card(std::string card) {
  pmix_value_t value{};
  value.type = PMIX_BYTE_OBJECT;
  value.data.bo.bytes = card.data();
  value.data.bo.size = card.size();
  return PMIx_Put(PMIX_GLOBAL, "hello.card", &value);
}

pmix_info_t flag(const char* key) {
  pmix_info_t info{};
  std::strncpy(info.key, key, PMIX_MAX_KEYLEN);
  info.value.type = PMIX_BOOL;
  info.value.data.flag = true;
  return info;
}

pmix_proc_t peer(const pmix_proc_t& self, pmix_rank_t rank) {
  pmix_proc_t process = self;
  process.rank = rank;
  return process;
}

unsigned job_size(const pmix_proc_t& self) {
  const pmix_info_t optional = flag(PMIX_OPTIONAL);
  const pmix_proc_t all = peer(self, PMIX_RANK_WILDCARD);
  pmix_value_t* value = nullptr;
  return PMIx_Get(&all, PMIX_JOB_SIZE, &optional, 1, &value) == PMIX_SUCCESS ? value->data.uint32 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Stages stages;
  pmix_proc_t self;
  stages.end("init", PMIx_Init(&self, nullptr, 0));
  const unsigned size = job_size(self);
  stages.end("put", put_card(std::string(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 300, 'x')));
  stages.end("commit", PMIx_Commit());
  const pmix_info_t collect = flag(PMIX_COLLECT_DATA);
  stages.end("fence", PMIx_Fence(nullptr, 0, &collect, 1));
  const pmix_proc_t head = peer(self, self.rank == 0 ? size - 1 : 0);
  pmix_value_t* card = nullptr;
  stages.end("get", PMIx_Get(&head, "hello.card", nullptr, 0, &card));
  stages.end("finalize", PMIx_Finalize(nullptr, 0));
  if (self.rank == 0) stages.print(size);
}
