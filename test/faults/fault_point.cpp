// Fault points in the program of the tests (pg_airlift_faults).
//
//   PG_AIRLIFT_FAULT=NAME:N        stops itself (SIGSTOP) where the point is reached for the Nth time; whoever runs it
//   does
//                                  harm, and continues or kills it
//   PG_AIRLIFT_FAULT_TRACE=FILE    appends the name of every point that is reached
#include "base/fault_point.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

namespace airlift {

namespace {

constexpr const char* kNames[] = {
#define AIRLIFT_FAULT_POINT(id, name, what) name,
#include "base/fault_points.def"
#undef AIRLIFT_FAULT_POINT
};

void Trace(const char* path, const char* name) {
  char line[64];
  const size_t length = std::strlen(name);
  std::memcpy(line, name, length);
  line[length] = '\n';
  const int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || write(file, line, length + 1) < 0) _exit(99);
  close(file);
}

}  // namespace

void ReachFaultPoint(FaultPoint point) noexcept {
  static const char* const trace = std::getenv("PG_AIRLIFT_FAULT_TRACE");
  static const char* const wanted = std::getenv("PG_AIRLIFT_FAULT");
  static std::atomic<int> reached{0};
  const char* name = kNames[static_cast<int>(point)];
  if (trace != nullptr) Trace(trace, name);
  if (wanted == nullptr) return;
  const size_t length = std::strlen(name);
  if (std::strncmp(wanted, name, length) != 0 || wanted[length] != ':') return;
  if (++reached == std::atoi(wanted + length + 1)) raise(SIGSTOP);
}

}  // namespace airlift
