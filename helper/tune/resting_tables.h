// Autovacuum leaves the large tables of a load alone while it runs: otherwise it would begin on each as soon as its
// rows are in, beside the copies, and in the way of the index builds. The load analyzes them itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/relation.h"
#include "pg/conninfo.h"
#include "report/result.h"

namespace airlift {

class RestingTables {
 public:
  // Records what is there and sets autovacuum_enabled = off, table by table, for the tables of `relations` that are
  // large, on the target, and the session user's. What cannot be done is left, with the reason in Use().
  RestingTables(ConnInfo target, const std::vector<Relation>& relations);
  // Puts back what was there, also after a failure. What cannot be put back now stays recorded: the next run of the
  // load does it, and so do pg_airlift tune --reset, undo and cleanup.
  ~RestingTables();
  RestingTables(const RestingTables&) = delete;
  RestingTables& operator=(const RestingTables&) = delete;

  // Puts back what was there; why not where that failed.
  std::string PutBack();
  // For the evidence; nullopt where no table is large.
  std::optional<LoadSettingUse> Use() const;

 private:
  void Rest(const std::vector<Relation>& relations);

  const ConnInfo target_;
  bool is_resting_ = false;
  size_t large_ = 0;
  size_t resting_ = 0;
  std::string refusal_;
};

}  // namespace airlift
