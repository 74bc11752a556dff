#include "runtime/wire/pmix_wireup.h"

#include <dlfcn.h>
#include <pmix.h>

#include <cstdlib>
#include <cstring>

namespace Atoll {

namespace {

constexpr const char* kLibrary = "libpmix.so.2";
constexpr const char* kCardKey = "atoll.card";

// What we use of libpmix. Loaded once and never unloaded, since it leaves threads behind.
struct Library {
  decltype(&PMIx_Init) init;
  decltype(&PMIx_Finalize) finalize;
  decltype(&PMIx_Put) put;
  decltype(&PMIx_Commit) commit;
  decltype(&PMIx_Fence) fence;
  decltype(&PMIx_Get) get;
  decltype(&PMIx_Error_string) error_string;
};

template <typename Function>
void resolve(void* handle, const char* name, Function& function, std::string& missing) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  if (function == nullptr) missing = name;
}

Result<Library> load_library() {
  // Global, since the components that libpmix opens in turn expect its symbols there.
  void* handle = dlopen(kLibrary, RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr)
    return Status(Code::kUnavailable, std::string("this node has no usable PMIx library (") + dlerror() +
                                          "): install libpmix2, or set ATOLL_WIREUP=stdio");
  Library library{};
  std::string missing;
  resolve(handle, "PMIx_Init", library.init, missing);
  resolve(handle, "PMIx_Finalize", library.finalize, missing);
  resolve(handle, "PMIx_Put", library.put, missing);
  resolve(handle, "PMIx_Commit", library.commit, missing);
  resolve(handle, "PMIx_Fence", library.fence, missing);
  resolve(handle, "PMIx_Get", library.get, missing);
  resolve(handle, "PMIx_Error_string", library.error_string, missing);
  if (missing.empty()) return library;
  return Status(Code::kUnavailable,
                std::string(kLibrary) + " of this node lacks " + missing + ": it is no PMIx 3 or later");
}

// A value that PMIx_Get allocated: of its own, and with one block of bytes at most.
struct FreeValue {
  void operator()(pmix_value_t* value) const {
    if (value->type == PMIX_BYTE_OBJECT) std::free(value->data.bo.bytes);
    std::free(value);
  }
};
using Value = std::unique_ptr<pmix_value_t, FreeValue>;

pmix_info_t flag(const char* key) {
  pmix_info_t info{};
  std::strncpy(info.key, key, PMIX_MAX_KEYLEN);
  info.value.type = PMIX_BOOL;
  info.value.data.flag = true;
  return info;
}

}  // namespace

// One PMIx client, from Init to Finalize.
struct PmixWireUp::Session {
  Library library{};
  pmix_proc_t self{};
  bool open = false;

  Status check(pmix_status_t status, const char* what) const {
    if (status == PMIX_SUCCESS) return Status();
    return Status(Code::kUnavailable, std::string("PMIx ") + what + " failed: " + library.error_string(status) + " (" +
                                          std::to_string(status) + ")");
  }

  Result<Value> get(pmix_rank_t rank, const char* key, const pmix_info_t* info, std::size_t infos) const {
    pmix_proc_t process = self;
    process.rank = rank;
    pmix_value_t* value = nullptr;
    ATOLL_RETURN_IF_ERROR(check(library.get(&process, key, info, infos, &value), "Get"));
    if (value == nullptr) return Status(Code::kUnavailable, std::string("PMIx gave no value for ") + key);
    return Value(value);
  }

  // A job-level key must be asked for with OPTIONAL, or a server that lacks it goes to look for it on a rank -1
  // (openpmix #3320).
  Result<int> job_size() const {
    const pmix_info_t optional = flag(PMIX_OPTIONAL);
    Result<Value> value = get(PMIX_RANK_WILDCARD, PMIX_JOB_SIZE, &optional, 1);
    ATOLL_RETURN_IF_ERROR(value.status());
    if ((*value)->type != PMIX_UINT32) return Status(Code::kUnavailable, "PMIx gave a job size that is no number");
    return static_cast<int>((*value)->data.uint32);
  }

  // Only rank 0's card is wanted, but nobody may put nothing: newer Slurms choose the collective by whether a node has
  // data, and all must choose alike.
  Status put_card(const Card& own) const {
    std::string bytes = own.rank == 0 ? encode_card(own) : "-";
    pmix_value_t value{};
    value.type = PMIX_BYTE_OBJECT;
    value.data.bo.bytes = bytes.data();
    value.data.bo.size = bytes.size();
    ATOLL_RETURN_IF_ERROR(check(library.put(PMIX_GLOBAL, kCardKey, &value), "Put"));
    return check(library.commit(), "Commit");
  }

  // With PMIX_COLLECT_DATA. Without it Slurm takes its "tree" collective, where every node of a step smaller than
  // TreeWidth (50) believes itself the root and is done at once (seen with 22.05.8; reverse_tree_info() in its source).
  // With data it takes the ring, which waits for all and brings rank 0's card to every node: nobody needs a second
  // Fence before leaving.
  Status fence() const {
    const pmix_info_t collect = flag(PMIX_COLLECT_DATA);
    return check(library.fence(nullptr, 0, &collect, 1), "Fence");
  }

  Result<Card> head_card(int task) const {
    Result<Value> value = get(static_cast<pmix_rank_t>(task), kCardKey, nullptr, 0);
    ATOLL_RETURN_IF_ERROR(value.status());
    if ((*value)->type != PMIX_BYTE_OBJECT)
      return Status(Code::kInvalidArgument, "rank 0's card is no string of bytes");
    return decode_head_card({(*value)->data.bo.bytes, (*value)->data.bo.size});
  }

  Status finalize() {
    if (!std::exchange(open, false)) return Status();
    return check(library.finalize(nullptr, 0), "Finalize");
  }
};

PmixWireUp::PmixWireUp(Environment environment, StageReport report)
    : environment_(std::move(environment)), report_(std::move(report)), session_(std::make_unique<Session>()) {}

PmixWireUp::~PmixWireUp() { (void)session_->finalize(); }

Result<WireUp> PmixWireUp::begin() {
  report_("init");
  Result<Library> library = load_library();
  ATOLL_RETURN_IF_ERROR(library.status());
  session_->library = *library;
  ATOLL_RETURN_IF_ERROR(session_->check(library->init(&session_->self, nullptr, 0), "Init"));
  session_->open = true;
  report_("size");
  const Result<int> size = session_->job_size();
  ATOLL_RETURN_IF_ERROR(size.status());
  ATOLL_RETURN_IF_ERROR(check_one_world(environment_, *size));
  return WireUp{rank_of_task(environment_, static_cast<int>(session_->self.rank)), *size, session_->self.nspace};
}

Result<Card> PmixWireUp::exchange(const Card& own) {
  report_("put");
  ATOLL_RETURN_IF_ERROR(session_->put_card(own));
  report_("fence");
  ATOLL_RETURN_IF_ERROR(session_->fence());
  report_("get");
  const Result<Card> head = own.rank == 0 ? Result<Card>(own) : session_->head_card(rank_of_task(environment_, 0));
  report_("finalize");
  ATOLL_RETURN_IF_ERROR(session_->finalize());
  return head;
}

}  // namespace Atoll
