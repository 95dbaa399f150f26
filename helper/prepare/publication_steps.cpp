#include "prepare/publication_steps.h"

#include <fmt/format.h>

#include "pg/batch.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"

namespace airlift {

namespace {

PrepareFinding WithoutExtension(const std::string& what) {
  return {"ext.pg_airlift",
          what,
          "The source has no pg_airlift extension that could do it.",
          "On the source: CREATE EXTENSION pg_airlift; then run this again.",
          false,
          false};
}

bool IsDone(const IdentityChoice& choice) { return choice.choice == "keep" || choice.choice == "none"; }

std::string IndexKey(const IdentityChoice& choice) { return "identity-index/" + choice.relation; }

Step SourceStep(const std::string& key, const std::string& what, const std::string& sql, const std::string& undo_sql) {
  Step step;
  step.key = key;
  step.side = Side::kSource;
  step.what = what;
  step.sql = sql;
  step.undo_sql = undo_sql;
  return step;
}

std::string WithoutSemicolon(std::string sql) {
  while (!sql.empty() && sql.back() == ';') sql.pop_back();
  return PrintableNames(sql);
}

// The extension's way back, such that it may be gone again twice.
std::string DropIndexStatement(const std::string& undo_sql) {
  const std::string drop = "DROP INDEX CONCURRENTLY ";
  const std::string sql = WithoutSemicolon(undo_sql);
  return sql.rfind(drop, 0) == 0 ? drop + "IF EXISTS " + sql.substr(drop.size()) : sql;
}

}  // namespace

PreparePart PlanIdentityIndexes(Connection& source, const std::vector<std::string>& patterns) {
  if (!ExtensionPrepares(source)) return {};
  PreparePart part;
  for (const IdentityChoice& choice : IdentityChoices(source, patterns)) {
    if (choice.choice != "build index") continue;
    Step step = SourceStep(IndexKey(choice), "unique index for the replica identity of " + OneLine(choice.relation),
                           WithoutSemicolon(choice.sql), DropIndexStatement(choice.undo_sql));
    step.is_transactional = false;
    step.finding = "ri.none";
    step.object = choice.relation;
    step.remedy = "Build another unique index on NOT NULL columns, or set REPLICA IDENTITY FULL.";
    part.steps.push_back(std::move(step));
  }
  return part;
}

PreparePart PlanReplicaIdentity(Connection& source, const std::vector<std::string>& patterns, double lock_timeout) {
  if (!ExtensionPrepares(source)) return {{}, {WithoutExtension("replica identity")}};
  PreparePart part;
  for (const IdentityChoice& choice : IdentityChoices(source, patterns)) {
    if (IsDone(choice)) continue;
    if (choice.choice == "blocker") {
      part.findings.push_back({"ri.full_no_equality", choice.relation, choice.reason,
                               "Choose: see airlift.replica_identity_plan(), column choices.", false, false});
      continue;
    }
    Step step = SourceStep(
        "identity/" + choice.relation,
        fmt::format("replica identity of {}: {} ({})", OneLine(choice.relation), choice.choice, OneLine(choice.reason)),
        FixIdentityStatement(choice.relation, lock_timeout), UndoIdentityStatement(choice.relation));
    step.needs = {IndexKey(choice)};
    step.finding = "ri.none";
    step.object = choice.relation;
    step.remedy = "See the source's words; run this again when the table is not locked.";
    part.steps.push_back(std::move(step));
  }
  return part;
}

PreparePart PlanPublication(Connection& source, const PublicationRequest& request, bool identities_follow) {
  const std::string& name = request.name;
  if (!ExtensionPrepares(source)) return {{}, {WithoutExtension("publication " + DisplayName(name))}};
  if (PublicationIsMade(source, name)) return {};
  if (!identities_follow) {
    if (const auto refusal = TryStatement(source, CreatePublicationStatement(request, true)))
      return {{},
              {{"publication.refused", DisplayName(name), *refusal,
                "Ask for --replica-identity first, or for fewer "
                "tables (--table).",
                false, false}}};
  }
  Step step = SourceStep("publication/" + name, "publication " + DisplayName(name),
                         CreatePublicationStatement(request, false), DropPublicationStatement(name));
  step.finding = "publication.refused";
  step.object = DisplayName(name);
  step.remedy = "Ask for --replica-identity too, or for fewer tables (--table).";
  return {{step}, {}};
}

}  // namespace airlift
