// Threads that take tasks from a queue until none is left.
#pragma once

#include <functional>
#include <memory>

namespace airlift {

class QueueWorker {
 public:
  virtual ~QueueWorker() = default;
  // Claims a task, does it, and commits both in one transaction; false when none is ready.
  virtual bool RunOneTask() = 0;
  // Whether nothing is left to do, for any worker. Throws Error when there is no sense in waiting for more.
  virtual bool IsOver() = 0;
};

// Runs `count` workers, made in their own threads, until the queue is over; `tick` is called now and then from this
// thread. Throws Error with all failures when a task failed; the other workers finish the task they are at, and what is
// done stays done.
void RunWorkers(int count, const std::function<std::unique_ptr<QueueWorker>(int number)>& make,
                const std::function<void()>& tick);

// Settings of a session whose peer may be on a host that vanishes: the server lets its task go within about ten
// seconds, also where it builds an index meanwhile.
class Connection;
void NoticeLostPeer(Connection& target);

}  // namespace airlift
