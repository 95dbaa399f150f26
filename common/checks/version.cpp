// Versions: end of life, and what a release brought.
#include "areas.h"

namespace airlift {

namespace {

constexpr Check kChecks[] = {
    {.id = "ver.source_eol",
     .title = "the source's major version is past its end of life",
     .severity = Severity::kWarning,
     .to_version = 14,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'PostgreSQL ' || pg_catalog.current_setting('server_version'),
  'The community no longer mends version ' || pg_catalog.current_setting('server_version_num')::int / 10000 || '.',
  NULL, NULL)sql",
     .remedy = "Move to a target of version 15 or later in the same step: a logical move may skip versions.",
     .source = "postgresql.org/support/versioning: 13 ended November 2025, 14 on 12 November 2026"},
    {.id = "ver.target_lower",
     .title = "the target's major version is below the source's",
     .severity = Severity::kBlocker,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'PostgreSQL ' || p.target_version,
  'The source is version ' || pg_catalog.current_setting('server_version_num')::int / 10000 || '.', NULL, NULL
FROM parameters p WHERE p.target_version < pg_catalog.current_setting('server_version_num')::int / 10000)sql",
     .remedy = "Create a target of the source's major version or later: what pg_dump writes need not load into an "
               "older server.",
     .source = "PostgreSQL manual, pg_dump, Notes"},
    {.id = "ver.target_extended_support",
     .title = "the target's major version is past the end of standard support",
     .severity = Severity::kWarning,
     .targets = kAws,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'PostgreSQL ' || p.target_version, 'Standard support ended on ' || e.day || '; extended support is charged for.',
  NULL, NULL
FROM parameters p
  JOIN (VALUES (13, '2026-02-28'), (14, '2027-02-28'), (15, '2028-02-29'), (16, '2029-02-28'), (17, '2030-02-28'),
    (18, '2031-02-28')) AS e (version, day) ON e.version = p.target_version
WHERE CURRENT_DATE > e.day::pg_catalog.date)sql",
     .remedy = "Choose a newer major version for the target.",
     .source = "RDS user guide, PostgreSQL release calendar (April 2026)"},
    {.id = "ver.source_minor",
     .title = "the source lacks the security releases of November 2026",
     .severity = Severity::kWarning,
     .from_version = 14,
     .to_version = 18,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'PostgreSQL ' || pg_catalog.current_setting('server_version'),
  'Version ' || w.major || '.' || w.minor || ' mends indexes that can miss rows (bpchar, GIN, gist_trgm, btree_gist, ltree), '
  'which subscriptions and constraints rely on.', NULL, NULL
FROM (VALUES (14, 25), (15, 20), (16, 16), (17, 12), (18, 7)) AS w (major, minor)
WHERE pg_catalog.current_setting('server_version_num')::int / 10000 = w.major
  AND pg_catalog.current_setting('server_version_num')::int % 10000 < w.minor)sql",
     .remedy = "Update the source's minor version, then REINDEX what its release notes name. A logical move builds the "
               "target's "
               "indexes anew, so the target itself is not affected.",
     .source = "PostgreSQL release notes 15.20 and 18.6; minors of other branches by the same wave"},
    {.id = "ver.standby_dump",
     .title = "parallel pg_dump from this standby can corrupt dump and standby",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'PostgreSQL ' || pg_catalog.current_setting('server_version'), 'The source is a standby of a release before November 2026.',
  NULL, NULL
FROM (VALUES (13, 99), (14, 25), (15, 20), (16, 16), (17, 12), (18, 7)) AS w (major, minor)
WHERE pg_catalog.pg_is_in_recovery() AND pg_catalog.current_setting('server_version_num')::int / 10000 = w.major
  AND pg_catalog.current_setting('server_version_num')::int % 10000 < w.minor)sql",
     .remedy = "Dump from the primary, or update the standby first.",
     .source = "PostgreSQL release notes 15.20"},
    {.id = "client.pg_dump_wave",
     .title = "tables carry pg_attver, which an older pg_dump writes out as an unknown option",
     .severity = Severity::kInfo,
     .strategies = kDump | kReplication | kDms,
     .query = R"sql(
SELECT 'pg_attribute.attoptions', pg_catalog.format('%s tables, %s among them.', pg_catalog.count(*), pg_catalog.min(c.name)), NULL, NULL
FROM user_relation c
WHERE c.relkind <> 'c'
  AND EXISTS (
    SELECT FROM pg_catalog.pg_attribute a CROSS JOIN LATERAL pg_catalog.unnest(a.attoptions) AS option
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND option ~ '^pg\_')
HAVING pg_catalog.count(*) > 0)sql",
     .remedy = "Dump with a pg_dump of November 2026 or later (15.20 and its kin); with an older one the target "
               "refuses the whole "
               "table: unrecognized parameter \"pg_attver\".",
     .source = "PostgreSQL manual 15, pg_attribute; measured with pg_dump 17.11 against 15.20"},
    {.id = "src.is_standby",
     .title = "the source is a standby, which cannot have publications or slots of its own",
     .severity = Severity::kBlocker,
     .strategies = kReplication | kDms,
     .to_version = 15,
     .scope = CheckScope::kCluster,
     .query =
         R"sql(SELECT 'the source server', 'It is in recovery.', NULL, NULL WHERE pg_catalog.pg_is_in_recovery())sql",
     .remedy = "Connect to the primary.",
     .source = "PostgreSQL manual, logical decoding; DMS assessment, replica checks"},
    {.id = "src.standby_decoding",
     .title = "the source is a standby: publications must be made on its primary",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .from_version = 16,
     .scope = CheckScope::kCluster,
     .query =
         R"sql(SELECT 'the source server', 'It is in recovery.', NULL, NULL WHERE pg_catalog.pg_is_in_recovery())sql",
     .remedy = "Create publications on the primary; slots on a standby are possible since 16.",
     .source = "PostgreSQL manual 16, logical decoding on standbys"},
    {.id = "feat.row_filters",
     .title = "publications have no row filters and column lists before 15",
     .severity = Severity::kInfo,
     .strategies = kReplication,
     .to_version = 14,
     .scope = CheckScope::kCluster,
     .query = R"sql(SELECT 'PostgreSQL ' || pg_catalog.current_setting('server_version'), NULL, NULL, NULL)sql",
     .remedy = "Copy parts of tables by COPY with a query instead.",
     .source = "PostgreSQL manual 15, CREATE PUBLICATION"},
    {.id = "feat.origin_none",
     .title = "changes that were replicated here cannot be told from local ones before 16",
     .severity = Severity::kInfo,
     .strategies = kReplication,
     .to_version = 15,
     .scope = CheckScope::kCluster,
     .query = R"sql(SELECT 'PostgreSQL ' || pg_catalog.current_setting('server_version'), NULL, NULL, NULL)sql",
     .remedy = "Begin the way back only after the way forward has ended; then nothing can go round in a circle.",
     .source = "PostgreSQL manual 16, CREATE SUBSCRIPTION, origin"},
};

}  // namespace

constexpr CheckArea kVersionArea = AreaOf(kChecks);

}  // namespace airlift
