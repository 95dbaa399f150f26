#include "schema/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "schema/plan.h"
#include "schema/unwritten_grants.h"

namespace airlift {
namespace {

// What pg_dump 15.20, 17.11 and 18.6 wrote for the same database of a 15.20 server: archives of version 1.14 and 1.16.
std::string ReadArchive(int major) {
  std::ifstream file(std::string(AIRLIFT_TEST_DIRECTORY) + "/data/archives/pg_dump_" + std::to_string(major) + ".dump",
                     std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

constexpr const char* kHostileName = "a; Type: TABLE; Schema: \"q\"\n--\n-- TOC entry 1 (class 0 OID 0)";

template <typename Entry>
const Entry* FindEntry(const std::vector<Entry>& entries, const std::string& kind, const std::string& name) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.kind == kind && e.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

// In front of what the archive itself says of the schema.
TEST(UnwrittenGrants, AreThoseOfServersAndProgramsBefore15) {
  const auto first_of = [](const char* server, const char* program) {
    Archive archive;
    archive.server_version = server;
    archive.dump_version = program;
    archive.entries.emplace_back();
    archive.entries[0].kind = "ACL";
    archive.entries[0].sql = "REVOKE ALL ON SCHEMA public FROM PUBLIC;";
    AddUnwrittenGrants(&archive);
    return archive.entries.size() == 2 ? archive.entries[0].sql : std::string();
  };
  EXPECT_EQ(first_of("13.16 (Debian 13.16-0+deb11u1)", "13.16"), "GRANT CREATE ON SCHEMA public TO PUBLIC;");
  EXPECT_EQ(first_of("13.16", "14.24"), "GRANT CREATE ON SCHEMA public TO PUBLIC;");
  EXPECT_EQ(first_of("14.24", "15.20"), "");
  EXPECT_EQ(first_of("15.20", "15.20"), "");
}

class ArchiveOfVersion : public testing::TestWithParam<int> {};

TEST_P(ArchiveOfVersion, GivesEveryFieldAsItIs) {
  const Archive archive = ParseArchive(ReadArchive(GetParam()));
  EXPECT_EQ(archive.database, "sample");
  EXPECT_EQ(archive.dump_version.substr(0, 2), std::to_string(GetParam()));
  const ArchiveEntry* table = FindEntry(archive.entries, "TABLE", kHostileName);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->schema, "s");
  EXPECT_EQ(table->owner, "postgres");
  EXPECT_EQ(table->class_oid, 1259u);
  EXPECT_EQ(table->section, ArchiveSection::kPreData);
  EXPECT_EQ(table->table_access_method, "heap");
  EXPECT_EQ(FindEntry(archive.entries, "TABLE", "evil"), nullptr);
  const ArchiveEntry* schema = FindEntry(archive.entries, "SCHEMA", "s");
  ASSERT_NE(schema, nullptr);
  EXPECT_THAT(table->dependencies, testing::ElementsAre(schema->dump_id));
  EXPECT_EQ(OwnerStatement(*schema), "ALTER SCHEMA \"s\" OWNER TO \"postgres\";");
  const ArchiveEntry* function = FindEntry(archive.entries, "FUNCTION", "f(integer)");
  ASSERT_NE(function, nullptr);
  EXPECT_EQ(OwnerStatement(*function), "ALTER FUNCTION s.f(i integer) OWNER TO \"postgres\";");
}

SourceFacts FactsFor(const Archive& archive, int64_t bytes) {
  SourceFacts facts;
  const ArchiveEntry* key = FindEntry(archive.entries, "CONSTRAINT", "t t_pkey");
  facts.constraint_indexes[key->object_oid] = 7;
  facts.indexes[7] = {5, bytes, true, true, true, "s", "t_pkey", "CREATE UNIQUE INDEX t_pkey ON s.t USING btree (id)"};
  const ArchiveEntry* reference = FindEntry(archive.entries, "FK CONSTRAINT", "t t_p_fkey");
  facts.foreign_keys[reference->object_oid] = {5, bytes, true, true};
  facts.superusers = {"postgres"};
  return facts;
}

TEST_P(ArchiveOfVersion, BecomesAPlanWithoutInternalOptions) {
  const Archive archive = ParseArchive(ReadArchive(GetParam()));
  const SchemaPlan plan = MakePlan(archive, FactsFor(archive, 2 * kSmallBytes), {"target", "master", {"heap"}});
  for (size_t i = 0; i < plan.entries.size(); ++i) {
    EXPECT_EQ(plan.entries[i].entry, static_cast<int64_t>(i + 1));
    EXPECT_EQ(plan.entries[i].sql.find("pg_attver"), std::string::npos);
    if (i > 0) {
      EXPECT_LE(plan.entries[i - 1].phase, plan.entries[i].phase);
    }
  }
  const SchemaEntry* key = FindEntry(plan.entries, "CONSTRAINT", "t t_pkey");
  EXPECT_EQ(key->phase, RestorePhase::kIndex);
  EXPECT_TRUE(key->is_constraint_backing);
  EXPECT_NE(key->sql.find("PRIMARY KEY USING INDEX t_pkey"), std::string::npos);
  EXPECT_EQ(FindEntry(plan.entries, "FK VALIDATION", "t t_p_fkey")->phase, RestorePhase::kValidate);
  const SchemaEntry* publication = FindEntry(plan.entries, "PUBLICATION", "p");
  EXPECT_EQ(publication->state, EntryState::kLeftOut);
  EXPECT_TRUE(publication->expected);
  EXPECT_TRUE(FindEntry(plan.entries, "OWNER", "v")->expected);
  EXPECT_NE(FindEntry(plan.entries, "TABLE", "t")->sql.find("n_distinct=5"), std::string::npos);
}

TEST_P(ArchiveOfVersion, KeepsForeignKeysOfSmallTablesWhole) {
  const Archive archive = ParseArchive(ReadArchive(GetParam()));
  const SchemaPlan plan = MakePlan(archive, FactsFor(archive, 0), {"target", "master", {"heap"}});
  EXPECT_EQ(FindEntry(plan.entries, "FK VALIDATION", "t t_p_fkey"), nullptr);
  EXPECT_EQ(FindEntry(plan.entries, "FK CONSTRAINT", "t t_p_fkey")->sql.find("NOT VALID"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Clients, ArchiveOfVersion, testing::Values(15, 17, 18));

TEST(ParseArchive, RefusesWhatIsNoneOrCutOff) {
  EXPECT_THROW(ParseArchive("--\n-- PostgreSQL database dump"), Error);
  EXPECT_THROW(ParseArchive(std::string("PGDMP\x01\x63\x00\x04\x08\x01", 11)), Error);
  const std::string bytes = ReadArchive(15);
  for (const size_t length : {bytes.size() / 4, bytes.size() / 2, size_t{12}})
    EXPECT_THROW(ParseArchive(bytes.substr(0, length)), Error);
}

TEST(MakePlan, FingerprintIgnoresNumbersOfTheSourceAndSeesTheSchema) {
  const Archive archive = ParseArchive(ReadArchive(15));
  const TargetFacts target = {"target", "master", {"heap"}};
  const SourceFacts facts = FactsFor(archive, 0);
  const std::string fingerprint = MakePlan(archive, facts, target).fingerprint;
  Archive renumbered = archive;
  for (ArchiveEntry& entry : renumbered.entries) entry.object_oid += 1000;
  EXPECT_EQ(MakePlan(renumbered, facts, target).fingerprint, fingerprint);
  Archive changed = archive;
  for (ArchiveEntry& entry : changed.entries)
    if (entry.kind == "VIEW") entry.sql += " ";
  EXPECT_NE(MakePlan(changed, facts, target).fingerprint, fingerprint);
}

ArchiveEntry Object(int dump_id, const std::string& kind, const std::string& name, std::vector<int32_t> dependencies) {
  ArchiveEntry entry;
  entry.dump_id = dump_id;
  entry.kind = kind;
  entry.schema = kind == "SCHEMA" || kind == "EXTENSION" ? "" : "s";
  entry.name = name;
  entry.section = ArchiveSection::kPreData;
  entry.sql = "SELECT 1;";
  entry.dependencies = std::move(dependencies);
  return entry;
}

TEST(MakePlan, NothingComesBeforeWhatItDependsOn) {
  Archive archive;
  ArchiveEntry view = Object(1, "MATERIALIZED VIEW", "m", {});
  view.section = ArchiveSection::kPostData;
  archive.entries = {view, Object(2, "COMMENT", "MATERIALIZED VIEW m", {1}), Object(3, "TABLE", "t", {})};
  const SchemaPlan plan = MakePlan(archive, {}, {"target", "master", {}});
  EXPECT_EQ(FindEntry(plan.entries, "TABLE", "t")->phase, RestorePhase::kPreData);
  EXPECT_EQ(FindEntry(plan.entries, "COMMENT", "MATERIALIZED VIEW m")->phase, RestorePhase::kPostData);
}

TEST(MakePlan, LeavesOutOurOwnExtensionOnly) {
  Archive archive;
  archive.entries = {Object(1, "EXTENSION", "pg_airlift", {}), Object(2, "EXTENSION", "hstore", {}),
                     Object(3, "SCHEMA", "airlift", {}), Object(4, "SCHEMA", "mine", {})};
  SourceFacts facts;
  facts.own_schemas = {"airlift"};
  const SchemaPlan plan = MakePlan(archive, facts, {"target", "master", {}});
  EXPECT_EQ(FindEntry(plan.entries, "EXTENSION", "pg_airlift")->state, EntryState::kLeftOut);
  EXPECT_EQ(FindEntry(plan.entries, "EXTENSION", "hstore")->state, EntryState::kPending);
  EXPECT_EQ(FindEntry(plan.entries, "SCHEMA", "airlift")->state, EntryState::kLeftOut);
  EXPECT_EQ(FindEntry(plan.entries, "SCHEMA", "mine")->state, EntryState::kPending);
}

TEST(MakePlan, KeepsNoPasswordOfASubscription) {
  Archive archive;
  ArchiveEntry subscription = Object(1, "SUBSCRIPTION", "s", {});
  subscription.sql = "CREATE SUBSCRIPTION s CONNECTION 'password=secret' PUBLICATION p;";
  archive.entries = {subscription};
  const SchemaPlan plan = MakePlan(archive, {}, {"target", "master", {}});
  EXPECT_EQ(plan.entries[0].sql, "");
}

}  // namespace
}  // namespace airlift
