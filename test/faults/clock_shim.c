/* Preloaded into the program and into servers of the fault tests: the time of day, moved by as many microseconds as the
 * first eight bytes of the file PG_AIRLIFT_TEST_CLOCK say at that moment. Clocks that only count are left alone. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t* offset;

static void __attribute__((constructor)) begin(void) {
  const char* path = getenv("PG_AIRLIFT_TEST_CLOCK");
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  void* page;
  if (file < 0) return;
  page = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (page != MAP_FAILED) offset = page;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  /* Not the library's: a server may bring an older one than this was built with, without the symbols to find it by. */
  int status = (int)syscall(SYS_clock_gettime, clock, now);
  if (status == 0 && offset != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t microseconds = *offset;
    int64_t nanoseconds = now->tv_nsec + microseconds % 1000000 * 1000;
    now->tv_sec += microseconds / 1000000;
    if (nanoseconds < 0) nanoseconds += 1000000000, --now->tv_sec;
    if (nanoseconds >= 1000000000) nanoseconds -= 1000000000, ++now->tv_sec;
    now->tv_nsec = nanoseconds;
  }
  return status;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  struct timespec exact;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* where) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  if (where != NULL) *where = exact.tv_sec;
  return exact.tv_sec;
}
