#include "report/table_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace airlift {
namespace {

TableResult Full() {
  TableResult table;
  table.schema = "Odd \"schema\"";
  table.name = "t";
  table.columns = {"id", "v"};
  table.verdict = Verdict::kDiffers;
  table.reason = "because";
  table.source = TableDigest{3, {1, 2}};
  table.target = TableDigest{uint64_t{1} << 60, {~uint64_t{0}, 7}};
  table.source_digest_by = "extension";
  table.left_out_columns = {"w"};
  table.condition = "id > 3";
  table.snapshot_lsn = "0/15";
  table.snapshot_taken_at = "2026-01-01";
  TableDifferences differences;
  differences.key = {"id"};
  differences.missing_on_target = 1;
  differences.extra_on_target = 2;
  differences.changed = 3;
  differences.columns = {{"v", 3}};
  differences.rows = {
      {"changed", {{"id", "1"}, {"k", std::nullopt}}, "", 0, 0, {"v"}, {{"v", "a"}}, {{"v", std::nullopt}}},
      {"missing on target", {}, "00000000-0000-0000-0000-000000000001", 2, 1, {}, {}, {}}};
  differences.not_listed = 4;
  differences.reason = "cut";
  table.differences = differences;
  return table;
}

TEST(TableJson, ComesBackAsItWas) {
  const auto document = ToJson(Full());
  EXPECT_EQ(ToJson(TableResultFromJson(nlohmann::json::parse(document.dump()))), document);
  EXPECT_EQ(document["digest_target"], DigestJson(*TableResultFromJson(document).target));
  EXPECT_EQ(TableResultFromJson(document).verdict, Verdict::kDiffers);
}

TEST(TableJson, SoDoesOneOfWhichLittleIsKnown) {
  const TableResult empty;
  const auto document = ToJson(empty);
  const TableResult back = TableResultFromJson(document);
  EXPECT_EQ(ToJson(back), document);
  EXPECT_FALSE(back.source);
  EXPECT_FALSE(back.differences);
  EXPECT_EQ(back.verdict, Verdict::kNotVerified);
}

}  // namespace
}  // namespace airlift
