// Two databases of shapes that everybody knows, through each road: moved from the source, with its extension and
// without, through an archive, through files; whole, and as a table mapping of AWS DMS has it. Proved by the program,
// and compared here by psql's own output.
#include <filesystem>
#include <set>

#include "support/move_test.h"

namespace airlift::test {
namespace {

namespace fs = std::filesystem;

// What the mapping makes of a table: queries for either side.
struct Mapped {
  const char* on_source;
  const char* on_target;
};

struct Sample {
  const char* name;
  size_t tables;
  size_t mapped_tables;
  std::set<std::string> changed;  // tables of which the mapping makes other rows
  std::vector<Mapped> mapped;
};

const Sample kSamples[] = {
    {"trading",
     14,
     13,
     {"employees", "orders", "order_details"},
     {{"SELECT * FROM categories", "SELECT * FROM trading.categories"},
      {"SELECT * FROM customers", "SELECT * FROM trading.clients"},
      {"SELECT employee_id, last_name, first_name, birth_date, notes, reports_to, photo_path, first_name || ' ' || "
       "upper(last_name) FROM employees",
       "SELECT employee_id, last_name, given_name, birth_date, notes, reports_to, photo_path, full_name FROM "
       "trading.employees"},
      {"SELECT order_id, customer_id, employee_id, order_date, shipped_date, ship_via, freight::numeric(12,2), "
       "ship_country FROM orders",
       "SELECT * FROM trading.orders"},
      {"SELECT * FROM order_details WHERE (quantity <= 12 OR quantity BETWEEN 30 AND 40) AND discount <> 0",
       "SELECT * FROM trading.order_details"},
      {"SELECT * FROM current_products", "SELECT * FROM trading.current_products"},
      {"SELECT * FROM products", "SELECT * FROM trading.products"}}},
    {"music",
     11,
     11,
     {"PlaylistTrack", "InvoiceLine", "Employee", "Track"},
     {{"SELECT * FROM \"Artist\"", "SELECT artistid, name FROM new_public.artist"},
      {"SELECT *, \"Milliseconds\" / 60000 FROM \"Track\"",
       "SELECT trackid, name, albumid, mediatypeid, genreid, composer, milliseconds, bytes, unitprice, minutes FROM "
       "new_public.track"},
      {"SELECT * FROM \"PlaylistTrack\" WHERE \"PlaylistId\" NOT BETWEEN 5 AND 9",
       "SELECT * FROM new_public.playlisttrack"},
      {"SELECT * FROM \"InvoiceLine\" WHERE \"Quantity\" >= 2", "SELECT * FROM new_public.invoiceline"},
      {"SELECT \"EmployeeId\" FROM \"Employee\"", "SELECT * FROM new_public.employee"},
      {"SELECT * FROM \"Customer\"", "SELECT * FROM new_public.customer"}}},
};

class Roads : public MoveTest {
 protected:
  void TearDown() override {
    fs::remove_all(Files());
    MoveTest::TearDown();
  }
  void Load(const Sample& sample) {
    source().PsqlFile(database(), TestFile(std::string("data/") + sample.name + ".sql"));
  }
  static std::string MappingOf(const Sample& sample) {
    return TestFile(std::string("data/mappings/") + sample.name + ".json");
  }
  void EmptyBothSides() {
    for (Cluster* cluster : {&source(), &target()}) cluster->DropDatabase(database());
    source().CreateDatabase(database());
    if (WithExtension()) AddExtension(database());
    EmptyTarget();
  }
  void EmptyTarget() {
    if (target().Value("postgres", "SELECT count(*) FROM pg_database WHERE datname = '" + database() + "'") == "1")
      target().DropDatabase(database());
    target().CreateDatabase(database(), "OWNER master");
  }
  std::string Files() { return target().directory() + "/" + database() + ".files"; }

  void ExpectStatus(const ProcessResult& result, int status, const Sample& sample, const char* road) {
    EXPECT_EQ(result.status, status) << sample.name << ", " << road << "\n" << result.Describe();
  }
  ProcessResult Restore(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"restore",        "--archive",  Files(),       "--target",
                                          TargetConnInfo(), "--evidence", evidence_path_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunHelper(arguments);
  }
  ProcessResult CopyOut(const std::vector<std::string>& more = {}, const std::vector<std::string>& format = {}) {
    std::vector<std::string> arguments = {"copy-out", "--source", SourceConnInfo(), "--directory", Files()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), format.begin(), format.end());
    return RunHelper(arguments);
  }
  ProcessResult CopyIn(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"copy-in", "--target",   TargetConnInfo(), "--directory",
                                          Files(),   "--evidence", evidence_path_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunHelper(arguments);
  }
  // As somebody would have made them; nothing is left of what filled them.
  void EmptyTables() {
    target().Execute(database(),
                     "DROP SCHEMA IF EXISTS airlift_state CASCADE; "
                     "DO $$ BEGIN EXECUTE (SELECT 'TRUNCATE ' || string_agg(oid::regclass::text, ', ') FROM pg_class "
                     "WHERE relkind = 'r' AND oid >= 16384 AND relnamespace::regnamespace::text <> 'airlift_state'); "
                     "END $$");
  }

  void ExpectAllVerified(size_t count, const Sample& sample, const char* road) {
    const nlohmann::json tables = Evidence().at("tables");
    EXPECT_EQ(tables.size(), count) << sample.name << ", " << road;
    for (const auto& table : tables) EXPECT_EQ(table.at("verdict"), "verified") << road << ": " << table.dump();
  }
  // No code of ours: the text of every row.
  void ExpectMapped(const Sample& sample, const char* road) {
    for (const Mapped& each : sample.mapped) {
      const auto rows = [](Cluster& cluster, const std::string& database, const char* query) {
        return cluster.Value(database,
                             "SELECT count(*) || E'\\n' || string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "
                             "\"C\") FROM (" +
                                 std::string(query) + ") t");
      };
      const std::string moved = rows(target(), database(), each.on_target);
      EXPECT_EQ(rows(source(), database(), each.on_source), moved) << sample.name << ", " << road;
      EXPECT_NE(moved, "0\n") << each.on_target;
    }
  }
};

TEST_F(Roads, Moved) {
  for (const Sample& sample : kSamples) {
    EmptyBothSides();
    Load(sample);
    ExpectVerifiedMove();
    ExpectAllVerified(sample.tables, sample, "migrate");
    EXPECT_EQ(FirstSchemaDifference(source(), database(), target(), database()), "") << sample.name;
    EmptyTarget();
    ExpectStatus(Airlift("migrate", {"--mapping", MappingOf(sample)}), kVerified, sample, "migrate --mapping");
    ExpectMapped(sample, "migrate --mapping");
    ExpectStatus(Airlift("compare"), kVerified, sample, "compare");
  }
}

TEST_F(Roads, RestoredFromTheSource) {
  for (const Sample& sample : kSamples) {
    EmptyBothSides();
    Load(sample);
    for (const bool is_mapped : {false, true}) {
      EmptyTarget();
      const std::vector<std::string> mapping = {"--mapping", MappingOf(sample)};
      const ProcessResult restored = Airlift("restore", is_mapped ? mapping : std::vector<std::string>());
      EXPECT_NE(restored.status, kDiffers) << restored.Describe();
      // Without a proof; it is asked for afterwards, and works by the mapping on record.
      ExpectStatus(Airlift("compare"), kVerified, sample, "restore and compare");
      if (is_mapped) {
        ExpectMapped(sample, "restore --mapping");
      } else {
        ExpectSameContents();
      }
    }
  }
}

TEST_F(Roads, ThroughAnArchive) {
  for (const Sample& sample : kSamples) {
    EmptyBothSides();
    Load(sample);
    fs::remove_all(Files());
    ExpectStatus(RunHelper({"dump", "--source", SourceConnInfo(), "--file", Files()}), kVerified, sample, "dump");
    // The manifest speaks of the rows as they were: it proves those alone that the mapping leaves as they are.
    ExpectStatus(Restore({"--mapping", MappingOf(sample)}), kFailed, sample, "restore --archive --mapping");
    ExpectMapped(sample, "restore --archive --mapping");
    const nlohmann::json evidence = Evidence();
    for (const auto& table : evidence.at("tables"))
      EXPECT_EQ(table.at("verdict"),
                sample.changed.contains(table.at("table").get<std::string>()) ? "not verified" : "verified")
          << table.dump();
    EXPECT_EQ(evidence.at("tables").size(), sample.mapped_tables);
    ExpectStatus(Airlift("compare"), kVerified, sample, "compare");
    EmptyTarget();
    ExpectStatus(Restore(), kVerified, sample, "restore --archive");
    ExpectAllVerified(sample.tables, sample, "restore --archive");
    ExpectSameContents();
  }
}

TEST_F(Roads, ThroughAMappedArchive) {
  for (const Sample& sample : kSamples) {
    EmptyBothSides();
    Load(sample);
    fs::remove_all(Files());
    ExpectStatus(RunHelper({"dump", "--source", SourceConnInfo(), "--file", Files(), "--mapping", MappingOf(sample)}),
                 kVerified, sample, "dump --mapping");
    const Sample& other = &sample == &kSamples[0] ? kSamples[1] : kSamples[0];
    const ProcessResult refused = Restore({"--mapping", MappingOf(other)});
    ExpectStatus(refused, kFailed, sample, "restore --archive --mapping");
    EXPECT_NE(refused.err.find("the archive was dumped with another table mapping"), std::string::npos) << refused.err;
    ExpectStatus(Restore(), kVerified, sample, "restore --archive");
    ExpectAllVerified(sample.mapped_tables, sample, "restore --archive");
    ExpectMapped(sample, "restore --archive");
    EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM pg_class WHERE relname LIKE 'archive_rows%'"), "0");
    // The source may be asked all the same: the mapping is on record.
    ExpectStatus(Airlift("compare"), kVerified, sample, "compare");
    // Without the proof, and named by the user once more.
    EmptyTarget();
    ExpectStatus(Restore({"--no-verify", "--mapping", MappingOf(sample)}), kVerified, sample, "restore --no-verify");
    ExpectMapped(sample, "restore --no-verify");
  }
}

// By pg_dump itself.
TEST_F(Roads, ThroughPlainArchives) {
  for (const Sample& sample : kSamples) {
    EmptyBothSides();
    Load(sample);
    for (const char* format : {"custom", "directory", "tar"}) {
      fs::remove_all(Files());
      RunOrThrow({source().bindir() + "/pg_dump", "--dbname=" + SourceConnInfo(), "--file=" + Files(),
                  std::string("--format=") + format});
      EmptyTarget();
      ExpectStatus(Restore(), kVerified, sample, format);
      ExpectSameContents();
      // One format for each, to keep it short.
      if (std::string(format) != (&sample == &kSamples[0] ? "custom" : "tar")) continue;
      EmptyTarget();
      ExpectStatus(Restore({"--mapping", MappingOf(sample)}), kVerified, sample, format);
      ExpectMapped(sample, format);
      ExpectStatus(Airlift("compare"), kVerified, sample, "compare");
    }
  }
}

TEST_F(Roads, ThroughFiles) {
  for (const Sample& sample : kSamples) {
    EmptyBothSides();
    Load(sample);
    fs::remove_all(Files());
    ExpectStatus(CopyOut(), kVerified, sample, "copy-out");
    const std::string definitions = RunOrThrow({source().bindir() + "/pg_dump", "--dbname=" + SourceConnInfo(),
                                                "--section=pre-data", "--no-owner", "--no-acl", "--schema=public"});
    // The target has that schema.
    std::string script = definitions;
    for (const char* made : {"CREATE SCHEMA public;", "COMMENT ON SCHEMA public IS 'standard public schema';"})
      if (const size_t at = script.find(made); at != std::string::npos) script.erase(at, std::string(made).size());
    target().Psql(database(), "SET ROLE master;\n" + script);
    ExpectStatus(CopyIn(), kVerified, sample, "copy-in");
    ExpectAllVerified(sample.tables, sample, "copy-in");
    // Sequences do not travel with rows.
    if (std::string(sample.name) == "trading")
      target().Execute(database(), "SELECT setval('orders_order_id_seq', 830)");
    ExpectSameContents();
  }
}

TEST_F(Roads, ThroughMappedFiles) {
  for (const Sample& sample : kSamples) {
    EmptyBothSides();
    Load(sample);
    // Tables that the files fit into, with their foreign keys.
    ExpectStatus(Airlift("restore", {"--mapping", MappingOf(sample)}), kVerified, sample, "restore --mapping");
    for (const bool is_binary : {false, true}) {
      EmptyTables();
      fs::remove_all(Files());
      const std::vector<std::string> format = is_binary ? std::vector<std::string>{"--format", "binary", "--parts", "3"}
                                                        : std::vector<std::string>{"--header", "--compress", "gzip"};
      ExpectStatus(CopyOut({"--mapping", MappingOf(sample)}, format), kVerified, sample, "copy-out --mapping");
      const ProcessResult mapped = CopyIn({"--mapping", MappingOf(sample)});
      ExpectStatus(mapped, kFailed, sample, "copy-in --mapping");
      EXPECT_NE(mapped.err.find("copy-in takes no --mapping"), std::string::npos) << mapped.err;
      ExpectStatus(CopyIn(is_binary ? std::vector<std::string>{"--staging"} : std::vector<std::string>()), kVerified,
                   sample, "copy-in");
      ExpectAllVerified(sample.mapped_tables, sample, "copy-in");
      ExpectMapped(sample, "copy-in");
    }
  }
}

class RoadsWithoutExtension : public Roads {
  bool WithExtension() const override { return false; }
};

TEST_F(RoadsWithoutExtension, Moved) {
  for (const Sample& sample : kSamples) {
    EmptyBothSides();
    Load(sample);
    ExpectVerifiedMove();
    ExpectAllVerified(sample.tables, sample, "migrate");
    EmptyTarget();
    ExpectStatus(Airlift("migrate", {"--mapping", MappingOf(sample)}), kVerified, sample, "migrate --mapping");
    ExpectMapped(sample, "migrate --mapping");
  }
}

}  // namespace
}  // namespace airlift::test
