#include "audit/audit_state.h"

#include "model/state_schema.h"

namespace airlift {

namespace {

constexpr const char* kDdl = "CREATE SCHEMA IF NOT EXISTS " AIRLIFT_STATE_SCHEMA
                             ";"
                             "CREATE TABLE IF NOT EXISTS " AIRLIFT_STATE_SCHEMA R"(.audit (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  slot text NOT NULL,
  lsn text NOT NULL DEFAULT '',
  is_verified boolean NOT NULL DEFAULT false,
  verified_at timestamptz,
  verified_by text NOT NULL DEFAULT '',
  signatures jsonb NOT NULL DEFAULT '{}'
))";

}  // namespace

std::optional<AuditRecord> AuditState::Find() {
  if (!target_.Query("SELECT pg_catalog.to_regclass('" AIRLIFT_STATE_SCHEMA ".audit') IS NOT NULL").Boolean(0, 0))
    return std::nullopt;
  const Result result = target_.Query(
      "SELECT slot, lsn, is_verified, verified_at, verified_by, signatures FROM " AIRLIFT_STATE_SCHEMA ".audit");
  if (result.rows() == 0) return std::nullopt;
  return AuditRecord{result.Text(0, 0), result.Text(0, 1), result.Boolean(0, 2),
                     result.Text(0, 3), result.Text(0, 4), nlohmann::json::parse(result.Text(0, 5))};
}

void AuditState::Begin(const std::string& slot) {
  Transaction transaction(target_);
  target_.Execute(kDdl);
  target_.Execute("DELETE FROM " AIRLIFT_STATE_SCHEMA ".audit");
  target_.Query("INSERT INTO " AIRLIFT_STATE_SCHEMA ".audit (slot) VALUES ($1)", {slot});
  transaction.Commit();
}

void AuditState::SetPosition(const std::string& lsn, const nlohmann::json& signatures) {
  // A name that is not UTF-8 is not found again: its table is compared in full.
  target_.Query("UPDATE " AIRLIFT_STATE_SCHEMA ".audit SET lsn = $1, signatures = $2",
                {lsn, signatures.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
}

void AuditState::SetVerified(const std::string& by) {
  target_.Query("UPDATE " AIRLIFT_STATE_SCHEMA
                ".audit SET is_verified = true, verified_at = pg_catalog.clock_timestamp(), verified_by = $1",
                {by});
}

void AuditState::MoveTo(const std::string& lsn, const nlohmann::json& signatures, const std::string& by) {
  Transaction transaction(target_);
  SetPosition(lsn, signatures);
  SetVerified(by);
  transaction.Commit();
}

void AuditState::Forget() { target_.Execute("DROP TABLE IF EXISTS " AIRLIFT_STATE_SCHEMA ".audit"); }

}  // namespace airlift
