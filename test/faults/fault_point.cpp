// Fault points in the program of the tests (pg_airlift_faults).
//
//   PG_AIRLIFT_FAULT=NAME:N[,NAME:N]  stops itself (SIGSTOP) where a point is reached for the Nth time; whoever runs it
//                                     does harm, and continues or kills it
//   PG_AIRLIFT_FAULT_TRACE=FILE       appends the name of every point that is reached
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
constexpr size_t kPoints = sizeof kNames / sizeof kNames[0];

void Trace(const char* path, const char* name) {
  char line[64];
  const size_t length = std::strlen(name);
  std::memcpy(line, name, length);
  line[length] = '\n';
  const int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || write(file, line, length + 1) < 0) _exit(99);
  close(file);
}

bool IsWanted(const char* wanted, const char* name, int nth) {
  const size_t length = std::strlen(name);
  for (const char* item = wanted; item != nullptr; item = std::strchr(item, ',')) {
    if (*item == ',') ++item;
    if (std::strncmp(item, name, length) == 0 && item[length] == ':' && std::atoi(item + length + 1) == nth)
      return true;
  }
  return false;
}

}  // namespace

void ReachFaultPoint(FaultPoint point) noexcept {
  static const char* const trace = std::getenv("PG_AIRLIFT_FAULT_TRACE");
  static const char* const wanted = std::getenv("PG_AIRLIFT_FAULT");
  static std::atomic<int> reached[kPoints];
  const char* name = kNames[static_cast<int>(point)];
  if (trace != nullptr) Trace(trace, name);
  if (wanted == nullptr) return;
  if (IsWanted(wanted, name, ++reached[static_cast<int>(point)])) raise(SIGSTOP);
}

}  // namespace airlift
