#include "schema_compare/schema_compare.h"

#include <algorithm>
#include <unordered_set>

#include "schema_compare/description.h"
#include "schema_compare/description_stream.h"
#include "schema_compare/spelling.h"

namespace airlift {

namespace {

using Presence = SchemaDifference::Presence;

// Settings of the session that describe needs, put back at the end. jit would compile each query for its one run.
class DescribingSession {
 public:
  explicit DescribingSession(Connection& connection) : connection_(connection) {
    const Result before = connection_.Query(
        "SELECT pg_catalog.current_setting('search_path'), pg_catalog.current_setting('jit'), "
        "pg_catalog.current_setting('quote_all_identifiers')");
    for (int column = 0; column < before.columns(); ++column) before_.push_back(before.Text(0, column));
    Set({"", "off", "off"});
  }
  ~DescribingSession() {
    try {
      Set(before_);
    } catch (const Error&) {
      // The transaction failed: its rollback puts the settings back.
    }
  }
  DescribingSession(const DescribingSession&) = delete;
  DescribingSession& operator=(const DescribingSession&) = delete;

 private:
  void Set(const std::vector<std::string>& values) {
    connection_.Query(
        "SELECT pg_catalog.set_config('search_path', $1, false), pg_catalog.set_config('jit', $2, false), "
        "pg_catalog.set_config('quote_all_identifiers', $3, false)",
        Parameters(values.begin(), values.end()));
  }

  Connection& connection_;
  std::vector<std::string> before_;
};

class SchemaComparer {
 public:
  SchemaComparer(Connection& source, Connection& target)
      : source_(source),
        target_(target),
        lower_major_(std::min(source.server_major(), target.server_major())),
        same_major_(source.server_major() == target.server_major()) {}

  void Compare(const Description& description) {
    if (lower_major_ < description.since_major) return;
    const std::string query = DescriptionQuery(description, lower_major_, same_major_);
    properties_ = PropertyNames(source_, query);
    const std::string copy = DescriptionCopyStatement(query, properties_);
    DescriptionStream s(source_, copy);
    DescriptionStream t(target_, copy);
    while (!s.AtEnd() || !t.AtEnd()) {
      if (t.AtEnd() || (!s.AtEnd() && s.object() < t.object())) {
        ReportOneSided(description, s, Presence::kMissingOnTarget);
        s.Advance();
      } else if (s.AtEnd() || t.object() < s.object()) {
        ReportOneSided(description, t, Presence::kExtraOnTarget);
        t.Advance();
      } else {
        CompareProperties(description, s, t);
        s.Advance();
        t.Advance();
      }
    }
  }

  std::vector<SchemaDifference> Take() { return std::move(differences_); }

 private:
  using Value = std::optional<std::string_view>;

  bool IsSame(const Value& a, const Value& b) const {
    if (a == b) return true;
    return !same_major_ && a && b && WithoutNeedlessQuotes(*a) == WithoutNeedlessQuotes(*b);
  }

  // "" stands for none, so an empty value is written as SQL would.
  static std::string Show(const Value& value) {
    if (!value) return {};
    return value->empty() ? "''" : ShowControls(*value);
  }

  void Report(const Description& description, std::string_view object, std::string property, std::string source,
              std::string target, Presence presence) {
    differences_.push_back({description.kind, ShowControls(object), std::move(property), std::move(source),
                            std::move(target), presence, description.row == Description::Row::kInformation});
  }

  void CompareProperties(const Description& description, const DescriptionStream& s, const DescriptionStream& t) {
    for (size_t i = 0; i < properties_.size(); ++i) {
      if (IsSame(s.property(i), t.property(i))) continue;
      Report(description, s.object(), properties_[i], Show(s.property(i)), Show(t.property(i)), Presence::kOnBoth);
    }
  }

  void ReportOneSided(const Description& description, const DescriptionStream& stream, Presence presence) {
    const bool is_missing = presence == Presence::kMissingOnTarget;
    const bool is_object = description.row == Description::Row::kObject;
    auto& absent = is_missing ? missing_ : extra_;
    const bool is_explained = stream.parent() && absent.count(std::string(*stream.parent())) > 0;
    // Columns are nobody's parent, and too many to remember.
    if (is_object && description.kind != std::string_view("column"))
      absent.insert(std::string(description.kind) + " " + std::string(stream.object()));
    if (is_explained) return;
    if (is_object) {
      Report(description, stream.object(), "existence", is_missing ? "present" : "missing",
             is_missing ? "missing" : "present", presence);
    } else {
      const std::string value = Show(stream.property(0));
      Report(description, stream.object(), properties_.at(0), is_missing ? value : "", is_missing ? "" : value,
             presence);
    }
  }

  Connection& source_;
  Connection& target_;
  const int lower_major_;
  const bool same_major_;
  std::vector<std::string> properties_;
  std::vector<SchemaDifference> differences_;
  // "kind object" of what one side lacks: what depends on it is not reported again.
  std::unordered_set<std::string> missing_;
  std::unordered_set<std::string> extra_;
};

}  // namespace

std::vector<SchemaDifference> CompareSchemas(Connection& source, Connection& target) {
  const DescribingSession source_session(source);
  const DescribingSession target_session(target);
  SchemaComparer comparer(source, target);
  for (const auto& descriptions : {ObjectDescriptions(), RelationDescriptions(), PrivilegeDescriptions()})
    for (const Description& description : descriptions) comparer.Compare(description);
  return comparer.Take();
}

}  // namespace airlift
