// hold THREAD SECONDS: stops one thread, by its id, and not those beside it.
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const pid_t thread = std::atoi(argv[1]);
  if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0 || ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0 ||
      ::waitpid(thread, nullptr, __WALL) != thread) {
    std::perror("hold");
    return 1;
  }
  ::usleep(static_cast<useconds_t>(std::atof(argv[2]) * 1e6));
  return 0;  // it goes on when its tracer is gone
}
