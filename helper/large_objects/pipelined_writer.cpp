#include "large_objects/pipelined_writer.h"

#include <fmt/format.h>

#include "byte_order.h"

namespace airlift {

namespace {

constexpr const char* kCreate = "pg_airlift_lo_create";
constexpr const char* kPut = "pg_airlift_lo_put";

// Statements after which the server is asked to send its answers, and how many answers may be outstanding.
constexpr size_t kFlushEvery = 64;
constexpr size_t kMaxUnanswered = 256;

std::string Field(const PGresult* result, int code) {
  const char* value = PQresultErrorField(result, code);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

PipelinedWriter::PipelinedWriter(Connection& target) : target_(target) {
  Prepare();
  if (PQenterPipelineMode(target_.get()) != 1) throw Error("could not enter libpq's pipeline mode");
}

PipelinedWriter::~PipelinedWriter() { LeavePipeline(); }

// Once per session: prepared statements outlive transactions, also those rolled back.
void PipelinedWriter::Prepare() {
  const Result known = target_.Query("SELECT FROM pg_catalog.pg_prepared_statements WHERE name = $1", {kPut});
  if (known.rows() > 0) return;
  target_.Execute(fmt::format(
      "PREPARE {} (pg_catalog.oid, pg_catalog.bytea) AS SELECT pg_catalog.lo_from_bytea($1, $2);"
      "PREPARE {} (pg_catalog.oid, pg_catalog.int8, pg_catalog.bytea) AS SELECT pg_catalog.lo_put($1, $2, $3)",
      kCreate, kPut));
}

void PipelinedWriter::Create(uint32_t oid, std::string_view data) {
  char id[4];
  StoreBigEndian32(id, oid);
  const char* values[] = {id, data.empty() ? "" : data.data()};
  const int lengths[] = {sizeof id, static_cast<int>(data.size())};
  Send(oid, kCreate, 2, values, lengths);
}

void PipelinedWriter::Put(uint32_t oid, int64_t offset, std::string_view data) {
  char id[4];
  char at[8];
  StoreBigEndian32(id, oid);
  StoreBigEndian64(at, static_cast<uint64_t>(offset));
  const char* values[] = {id, at, data.data()};
  const int lengths[] = {sizeof id, sizeof at, static_cast<int>(data.size())};
  Send(oid, kPut, 3, values, lengths);
}

void PipelinedWriter::Send(uint32_t oid, const char* statement, int parameters, const char* const* values,
                           const int* lengths) {
  static constexpr int kBinary[] = {1, 1, 1};
  if (PQsendQueryPrepared(target_.get(), statement, parameters, values, lengths, kBinary, 1) != 1) Fail(oid, nullptr);
  unanswered_.push_back(oid);
  if (++unflushed_ >= kFlushEvery) {
    if (PQsendFlushRequest(target_.get()) != 1 || PQflush(target_.get()) != 0) Fail(oid, nullptr);
    unflushed_ = 0;
  }
  while (unanswered_.size() > kMaxUnanswered) ReadAnswer();
}

void PipelinedWriter::ReadAnswer() {
  const uint32_t oid = unanswered_.front();
  const Result answer(PQgetResult(target_.get()));
  if (answer.get() == nullptr || PQresultStatus(answer.get()) != PGRES_TUPLES_OK) Fail(oid, answer.get());
  unanswered_.pop_front();
  // The end of this statement's results.
  PQclear(PQgetResult(target_.get()));
}

void PipelinedWriter::Finish() {
  if (PQsendFlushRequest(target_.get()) != 1 || PQflush(target_.get()) != 0) Fail(0, nullptr);
  while (!unanswered_.empty()) ReadAnswer();
  LeavePipeline();
}

void PipelinedWriter::LeavePipeline() noexcept {
  PGconn* connection = target_.get();
  if (PQpipelineStatus(connection) == PQ_PIPELINE_OFF) return;
  if (PQpipelineSync(connection) == 1) {
    while (PQstatus(connection) == CONNECTION_OK) {
      const Result answer(PQgetResult(connection));
      if (answer.get() != nullptr && PQresultStatus(answer.get()) == PGRES_PIPELINE_SYNC) break;
    }
  }
  PQexitPipelineMode(connection);
}

void PipelinedWriter::Fail(uint32_t oid, const PGresult* result) {
  const std::string sqlstate = result == nullptr ? "" : Field(result, PG_DIAG_SQLSTATE);
  std::string primary = result == nullptr ? "" : Field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (primary.empty()) primary = PQerrorMessage(target_.get());
  while (!primary.empty() && primary.back() == '\n') primary.pop_back();
  const std::string detail = result == nullptr ? "" : Field(result, PG_DIAG_MESSAGE_DETAIL);
  CheckStop();
  if (sqlstate == "23505") {
    throw Error(fmt::format("large object {} exists on the target already", oid), {},
                "References to large objects are by OID, so it cannot get another one. Remove the object of the target "
                "with lo_unlink(), or move to an empty database.");
  }
  throw SqlError(target_.side(), sqlstate.empty() ? "08006" : sqlstate,
                 oid == 0 ? primary : fmt::format("large object {}: {}", oid, primary), detail,
                 result == nullptr ? "" : Field(result, PG_DIAG_MESSAGE_HINT));
}

}  // namespace airlift
