// What is remembered of the last full verification: table airlift_state.audit of the target.
//
// Its slot on the source is never read forward before everything up to there has been verified and recorded here, so a
// process that dies at any time loses nothing: the next one decodes the same changes again.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "pg/connection.h"

namespace airlift {

struct AuditRecord {
  std::string slot;           // on the source
  std::string lsn;            // all that committed up to there was verified; "" while the slot is being created
  bool is_verified = false;   // false: the slot stands, the verification has not ended yet
  std::string verified_at;    // of the target's clock
  std::string verified_by;    // "load", "compare", "compare --since-verified"
  nlohmann::json signatures;  // of the source's tables then, see audit/table_signatures.h
};

class AuditState {
 public:
  explicit AuditState(Connection& target) : target_(target) {}

  std::optional<AuditRecord> Find();
  // Before the slot exists: whoever finds it knows whose it is.
  void Begin(const std::string& slot);
  void SetPosition(const std::string& lsn, const nlohmann::json& signatures);
  void SetVerified(const std::string& by);
  // All at once, after another verification.
  void MoveTo(const std::string& lsn, const nlohmann::json& signatures, const std::string& by);
  void Forget();

 private:
  Connection& target_;
};

}  // namespace airlift
