// Moves the schema: pg_dump's archive, taken under the run's snapshot, executed on the target object by object, so that
// what a managed server refuses is left out by dependency and listed, and the rest arrives.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/verdict.h"
#include "pg/connection.h"
#include "pg/conninfo.h"
#include "schema/archive.h"
#include "schema/entry_store.h"
#include "schema/plan.h"
#include "schema/source_facts.h"
#include "selection/selection.h"

namespace airlift {

struct SchemaOptions {
  ConnInfo source;
  ConnInfo target;
  std::string pg_bindir;  // where pg_dump is; "" to search
  bool into_existing = false;
  int jobs = 1;                                  // connections that validate foreign keys
  const Selection* selection = nullptr;          // null: everything
  std::set<std::string> replication_roles;       // see SourceFacts
  std::function<void(const std::string&)> note;  // a line for the user
};

// An index that can be built while other tables are copied and next to other indexes of its table.
struct IndexJob {
  int64_t entry = 0;
  uint32_t table_oid = 0;  // at the source
  std::string label;
  int64_t weight = 0;  // bytes of table and index at the source
  bool is_constraint_backing = false;
};

class SchemaMover {
 public:
  // kSchemaStateDdl has been executed on the target.
  SchemaMover(SchemaOptions options, Connection& target);
  ~SchemaMover();

  // Dumps the source's schema under `snapshot` ("" for none) and stores the plan on the target. Where one is stored
  // already, checks that the source's schema is still the same; throws Error where it is not.
  void Load(Connection& source, const std::string& snapshot);
  // The same from an archive that is there already, with what else is known of its source.
  void Load(Archive archive, const SourceFacts& facts, const SelectedPart& part = {});

  // Each of these goes on where a killed run stopped, and does nothing once it is done.
  void RestorePreData();
  // Indexes to build with RunIndexJob once their table is loaded. Those of small tables (kSmallBytes), materialized
  // views and partitioned tables are not among them: RestorePostData builds them. Call after RestorePreData.
  std::vector<IndexJob> IndexJobs();
  // Everything else: attaches constraints to their indexes, builds indexes that no job built, validates foreign keys,
  // triggers, owners, grants, materialized views, event triggers. Call when no index job is running.
  void RestorePostData();

  // Whether a killed run had come to the renames of a table mapping: nothing is found under its old name for certain.
  bool RenamesHaveBegun() { return store_.HasBegun(RestorePhase::kRename); }

  // What the target does not have now, in the order of execution.
  std::vector<LeftOut> LeftOuts();

 private:
  void RequireMapping();
  void RunWith(const std::function<void(class EntryRunner&)>& work);

  SchemaOptions options_;
  Connection& target_;
  EntryStore store_;
};

// Builds the index of an IndexJob in the caller's open transaction and records it there. An index that the target
// refuses is left out; throws what is no refusal (a lost connection, a full disk).
void RunIndexJob(Connection& target, int64_t entry);

}  // namespace airlift
