#include "snapshot/source_snapshot.h"

namespace airlift {

namespace {

constexpr const char* kBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

std::unique_ptr<Connection> Open(const ConnInfo& source) {
  return std::make_unique<Connection>(source.With("application_name", "pg_airlift snapshot"), Side::kSource);
}

}  // namespace

SourceSnapshot::SourceSnapshot(const ConnInfo& source) : connection_(Open(source)) {
  connection_->Execute(kBegin);
  const Result result = connection_->Query(
      "SELECT pg_catalog.pg_export_snapshot(), "
      "CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL ELSE pg_catalog.pg_current_wal_insert_lsn() END, "
      "pg_catalog.now()");
  id_ = result.Text(0, 0);
  lsn_ = result.Text(0, 1);
  taken_at_ = result.Text(0, 2);
}

SourceSnapshot::SourceSnapshot(const ConnInfo& source, const std::string& exported, const std::string& lsn)
    : connection_(Open(source)), lsn_(lsn) {
  connection_->Execute(BeginUnderSnapshot(*connection_, exported));
  const Result result = connection_->Query("SELECT pg_catalog.pg_export_snapshot(), pg_catalog.now()");
  id_ = result.Text(0, 0);
  taken_at_ = result.Text(0, 1);
}

SourceSnapshot::SourceSnapshot(const ConnInfo& source, const std::string& exported, const std::string& lsn,
                               std::function<void()> let_go)
    : SourceSnapshot(source, exported, lsn) {
  lasting_id_ = exported;
  let_go_ = std::move(let_go);
}

void SourceSnapshot::Release() {
  connection_.reset();
  if (let_go_) let_go_();
}

std::string BeginUnderSnapshot(const Connection& connection, const std::string& snapshot_id) {
  return std::string(kBegin) + "; SET TRANSACTION SNAPSHOT " + connection.QuoteLiteral(snapshot_id);
}

std::string DatabaseIdentity(Connection& connection) {
  const Result result = connection.Query(
      "SELECT c.system_identifier, d.oid FROM pg_catalog.pg_control_system() c, pg_catalog.pg_database d "
      "WHERE d.datname = pg_catalog.current_database()");
  return result.Text(0, 0) + "/" + result.Text(0, 1);
}

}  // namespace airlift
