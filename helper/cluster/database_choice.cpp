#include "cluster/database_choice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace airlift {

namespace {

// Databases that a managed service keeps for itself: nobody else may connect to them, and their names are taken.
constexpr struct {
  const char* name;
  const char* service;
} kReserved[] = {
    {"rdsadmin", "Amazon RDS"},  {"rdsproxyadmin", "Amazon RDS Proxy"}, {"cloudsqladmin", "Cloud SQL"},
    {"alloydbadmin", "AlloyDB"}, {"azure_maintenance", "Azure"},        {"azure_sys", "Azure"},
};

const char* ServiceOf(const std::string& database) {
  for (const auto& reserved : kReserved)
    if (database == reserved.name) return reserved.service;
  return nullptr;
}

std::vector<NamePattern> Parse(const std::vector<std::string>& texts, const char* option) {
  std::vector<NamePattern> patterns;
  for (const std::string& text : texts) {
    if (FindUnquoted(text, '.', false) != std::string::npos)
      throw Error(fmt::format("{}: a dot in a database's name must be quoted: {}", option, text), {},
                  "Write it as '\"na.me\"'.");
    patterns.push_back(ParseNamePattern(text));
  }
  return patterns;
}

struct Subject {
  const DatabaseFacts& database;
  const DatabasePatterns& patterns;
  const ChoiceInputs& inputs;
};

bool IsReserved(const Subject& s) { return ServiceOf(s.database.name) != nullptr; }

// Why a database is not moved; the first rule that holds.
constexpr struct {
  bool (*holds)(const Subject&);
  const char* reason;
  bool is_by_design;
} kRules[] = {
    {[](const Subject& s) { return s.patterns.IsExcluded(s.database.name); }, "excluded by --exclude-database", true},
    {[](const Subject& s) { return s.database.is_template; }, "a template for new databases", true},
    {[](const Subject& s) { return IsReserved(s) && s.inputs.source_is_managed; },
     "belongs to the source's managed service", true},
    {IsReserved, "the name is reserved by a managed service; rename the database on the source", false},
    {[](const Subject& s) { return s.database.is_half_dropped; },
     "what an interrupted DROP DATABASE left; drop it on the source", false},
    {[](const Subject& s) { return !s.database.takes_connections; },
     "it takes no connections (datallowconn is off), so that it cannot be read; let it take them, or exclude it",
     false},
    {[](const Subject& s) { return !s.database.may_connect; },
     "the source's role may not connect to it; grant CONNECT, or exclude it", false},
    {[](const Subject& s) {
       return s.database.name == kServersDatabase && s.inputs.servers_database_is_empty &&
              !s.patterns.IsNamed(s.database.name);
     },
     "the server's own database, and empty; name it with --database to move its settings and grants", true},
};

DatabaseChoice Choose(const Subject& subject) {
  for (const auto& rule : kRules)
    if (rule.holds(subject)) return {subject.database, rule.reason, rule.is_by_design};
  return {subject.database, {}, true};
}

}  // namespace

DatabasePatterns::DatabasePatterns(const std::vector<std::string>& include, const std::vector<std::string>& exclude)
    : include_texts_(include), include_(Parse(include, "--database")), exclude_(Parse(exclude, "--exclude-database")) {}

bool DatabasePatterns::IsAsked(const std::string& database) const { return include_.empty() || IsNamed(database); }

bool DatabasePatterns::IsNamed(const std::string& database) const {
  return !include_.empty() && Matches(include_, {}, database);
}

bool DatabasePatterns::IsExcluded(const std::string& database) const {
  return !exclude_.empty() && Matches(exclude_, {}, database);
}

std::vector<std::string> DatabasePatterns::Unmatched(const std::vector<DatabaseFacts>& databases) const {
  std::vector<std::string> unmatched;
  for (size_t i = 0; i < include_.size(); ++i) {
    const bool matches = std::any_of(databases.begin(), databases.end(), [&](const DatabaseFacts& database) {
      return Matches({include_[i]}, {}, database.name);
    });
    if (!matches) unmatched.push_back(include_texts_[i]);
  }
  return unmatched;
}

std::vector<DatabaseChoice> ChooseDatabases(const std::vector<DatabaseFacts>& databases,
                                            const DatabasePatterns& patterns, const ChoiceInputs& inputs) {
  std::vector<DatabaseChoice> choices;
  for (const DatabaseFacts& database : databases)
    if (patterns.IsAsked(database.name)) choices.push_back(Choose({database, patterns, inputs}));
  return choices;
}

}  // namespace airlift
