#include "findings/check_runner.h"

#include <nlohmann/json.hpp>

#include "checks/query_prefix.h"
#include "extension_matrix.h"

namespace airlift {

namespace {

Result RunQuery(Connection& connection, const char* query, const Assessment& assessment, const FactList& facts) {
  nlohmann::json pairs = nlohmann::json::array();
  for (const auto& [name, value] : facts) pairs.push_back({name, value});
  return connection.Query(std::string(kQueryPrefix) + query + kQuerySuffix,
                          {TargetKindName(assessment.target), std::to_string(assessment.target_version), pairs.dump()});
}

AssessFinding FailureOf(const Check& check, const SqlError& error) {
  AssessFinding finding;
  finding.check_id = check.id;
  finding.severity = SeverityName(Severity::kError);
  finding.object = "SQLSTATE " + error.sqlstate();
  finding.detail = error.what();
  finding.remedy = check.remedy;
  return finding;
}

std::vector<AssessFinding> FindingsOf(const Check& check, const Result& result) {
  std::vector<AssessFinding> findings;
  for (int row = 0; row < result.rows(); ++row) {
    AssessFinding finding;
    finding.check_id = check.id;
    finding.severity = SeverityName(check.severity);
    finding.object = result.Text(row, 0);
    finding.detail = result.Text(row, 1);
    finding.remedy = check.remedy;
    finding.fix_sql = result.OptionalText(row, 2);
    finding.undo_sql = result.OptionalText(row, 3);
    findings.push_back(std::move(finding));
  }
  return findings;
}

// `run` on connections that must outlive its failure.
template <typename Run>
std::vector<AssessFinding> Guarded(const Check& check, std::initializer_list<Connection*> connections, Run run) {
  try {
    return FindingsOf(check, run());
  } catch (const SqlError& error) {
    for (const Connection* connection : connections)
      if (connection->IsBroken()) throw;
    return {FailureOf(check, error)};
  }
}

FactList FactsOf(const Result& result) {
  FactList facts;
  for (int row = 0; row < result.rows(); ++row) facts.emplace_back(result.Text(row, 0), result.Text(row, 1));
  return facts;
}

}  // namespace

const char* TargetKindName(TargetSet target) {
  for (const NamedBit& named : kTargetNames)
    if (named.bit == target) return named.name;
  return "";
}

FactList OfferedExtensions(const Assessment& assessment) {
  FactList offered;
  const size_t count = OfferedExtensionCount(assessment.target, assessment.target_version);
  for (size_t i = 0; i < count; ++i) {
    const OfferedExtension extension = OfferedExtensionAt(assessment.target, assessment.target_version, i);
    offered.emplace_back(extension.name, extension.version);
  }
  return offered;
}

std::vector<AssessFinding> RunSourceCheck(Connection& source, const Check& check, const Assessment& assessment) {
  return Guarded(check, {&source},
                 [&] { return RunQuery(source, check.query, assessment, OfferedExtensions(assessment)); });
}

std::vector<AssessFinding> RunTargetCheck(Connection& target, const Check& check, const Assessment& assessment) {
  return Guarded(check, {&target}, [&] { return RunQuery(target, check.query, assessment, {}); });
}

std::vector<AssessFinding> RunPairedCheck(Connection& source, Connection& target, const Check& check,
                                          const Assessment& assessment) {
  return Guarded(check, {&source, &target}, [&] {
    return RunQuery(target, check.target_query, assessment, FactsOf(RunQuery(source, check.query, assessment, {})));
  });
}

}  // namespace airlift
