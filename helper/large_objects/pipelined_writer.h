// Writes large objects on the target without waiting for each answer: libpq's pipeline mode, within the caller's
// transaction.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>

#include "pg/connection.h"

namespace airlift {

class PipelinedWriter {
 public:
  // `target` is in pipeline mode, and must not be used otherwise, until Finish() or the destructor.
  explicit PipelinedWriter(Connection& target);
  // Leaves pipeline mode; what was sent stays in the transaction, so an unfinished writer needs a rollback.
  ~PipelinedWriter();
  PipelinedWriter(const PipelinedWriter&) = delete;
  PipelinedWriter& operator=(const PipelinedWriter&) = delete;

  // Creates the object with this content. Errors of the server, here and below, are thrown by a later call, and name
  // the object.
  void Create(uint32_t oid, std::string_view data);
  // Writes at `offset`; a gap before it reads as zeros.
  void Put(uint32_t oid, int64_t offset, std::string_view data);
  // Waits for all answers.
  void Finish();

 private:
  void Prepare();
  void Send(uint32_t oid, const char* statement, int parameters, const char* const* values, const int* lengths);
  // Reads the answer to the oldest statement.
  void ReadAnswer();
  void LeavePipeline() noexcept;
  [[noreturn]] void Fail(uint32_t oid, const PGresult* result);

  Connection& target_;
  std::deque<uint32_t> unanswered_;  // the object of each statement sent
  size_t unflushed_ = 0;
};

}  // namespace airlift
