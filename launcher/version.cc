#include "launcher/version.h"

#include "config.h"

namespace Atoll {
namespace {

struct Part {
  const char* name;
  bool built_in;
};

constexpr Part kParts[] = {
#if HAVE_SLURM
    {"slurm", true},
#else
    {"slurm", false},
#endif
#if HAVE_PMIX
    {"pmix", true},
#else
    {"pmix", false},
#endif
#if HAVE_UCX
    {"ucx", true},
#else
    {"ucx", false},
#endif
#if HAVE_HWLOC
    {"hwloc", true},
#else
    {"hwloc", false},
#endif
#if HAVE_CUDA
    {"cuda", true},
#else
    {"cuda", false},
#endif
#if HAVE_NCCL
    {"nccl", true},
#else
    {"nccl", false},
#endif
#if HAVE_OMPI
    {"mpi", true},
#else
    {"mpi", false},
#endif
#if HAVE_HIREDIS
    {"redis", true},
#else
    {"redis", false},
#endif
#if HAVE_MUNGE
    {"munge", true},
#else
    {"munge", false},
#endif
#if HAVE_MICROHTTPD
    {"dashboard", true},
#else
    {"dashboard", false},
#endif
};

std::string line_of(const char* title, bool built_in) {
  std::string names;
  for (const Part& part : kParts)
    if (part.built_in == built_in) names += std::string(" ") + part.name;
  return names.empty() ? "" : title + names + "\n";
}

}  // namespace

std::string version_text() {
  return std::string("atoll ") + PACKAGE_VERSION + "\n" + line_of("with:", true) + line_of("without:", false);
}

}  // namespace Atoll
