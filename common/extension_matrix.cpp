#include "extension_matrix.h"

#include <cstring>
#include <iterator>

namespace airlift {

namespace {

constexpr int kMatrixFirst = 13;
constexpr int kMatrixVersions = 6;

// A row of matrix/*.tsv: the name as the release notes have it, a version per major version from 13, "-" for none,
// "yes" for a library.
struct MatrixRow {
  const char* page_name;
  const char* versions[kMatrixVersions];
};

#include "extension_matrix_rows.h"

// The release notes name some extensions otherwise than CREATE EXTENSION does.
struct Alias {
  const char* page_name;
  const char* name;
};
constexpr Alias kAliases[] = {{"pgvector", "vector"},
                              {"h3-pg", "h3"},
                              {"h3-postgis", "h3_postgis"},
                              {"pgAudit", "pgaudit"},
                              {"PostGIS", "postgis"}};
// Libraries that the lists give a version.
constexpr const char* kLibraries[] = {"auto_explain", "decoder_raw", "wal2json", "test_decoding"};

struct Matrix {
  const MatrixRow* rows;
  size_t count;
  int newest;
};

Matrix MatrixOf(TargetSet target) noexcept {
  if (target == kRds) return {kRdsRows, std::size(kRdsRows), 18};
  if (target == kAurora) return {kAuroraRows, std::size(kAuroraRows), 17};
  return {nullptr, 0, 0};
}

const char* VersionIn(const Matrix& matrix, size_t row, int version) noexcept {
  const int column = (version > matrix.newest ? matrix.newest : version) - kMatrixFirst;
  if (column < 0) return "-";
  return matrix.rows[row].versions[column];
}

const char* SqlName(const char* page_name) noexcept {
  for (const Alias& alias : kAliases)
    if (strcmp(alias.page_name, page_name) == 0) return alias.name;
  return page_name;
}

bool IsLibrary(const char* name) noexcept {
  for (const char* library : kLibraries)
    if (strcmp(library, name) == 0) return true;
  return false;
}

}  // namespace

int NewestListedVersion(TargetSet target) noexcept { return MatrixOf(target).newest; }

size_t OfferedExtensionCount(TargetSet target, int version) noexcept {
  const Matrix matrix = MatrixOf(target);
  size_t count = 0;
  for (size_t row = 0; row < matrix.count; ++row) count += strcmp(VersionIn(matrix, row, version), "-") != 0;
  return count;
}

OfferedExtension OfferedExtensionAt(TargetSet target, int version, size_t index) noexcept {
  const Matrix matrix = MatrixOf(target);
  for (size_t row = 0; row < matrix.count; ++row) {
    const char* offered = VersionIn(matrix, row, version);
    if (strcmp(offered, "-") == 0 || index-- != 0) continue;
    const char* name = SqlName(matrix.rows[row].page_name);
    return {name, IsLibrary(name) ? "" : offered};
  }
  return {"", ""};
}

const char* OfferedVersion(TargetSet target, int version, const char* name) noexcept {
  const size_t count = OfferedExtensionCount(target, version);
  for (size_t i = 0; i < count; ++i) {
    const OfferedExtension offered = OfferedExtensionAt(target, version, i);
    if (strcmp(offered.name, name) == 0) return offered.version;
  }
  return nullptr;
}

}  // namespace airlift
