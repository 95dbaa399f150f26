// The pages of every kind of result, made by `report` and by --html, opened in a real browser.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/move_test.h"
#include "support/process.h"

namespace airlift::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

// The page is not tested where no browser is: that is a failure, never a pass.
std::string Browser() {
  if (const char* given = getenv("PG_AIRLIFT_BROWSER")) return given;
  for (const char* path :
       {"/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"})
    if (std::filesystem::exists(path)) return path;
  throw std::runtime_error(
      "no Chromium is installed: scripts/install-packages browser installs one, PG_AIRLIFT_BROWSER names another");
}

// Adds a script that the page's own policy lets run.
void Insert(std::string& page, const std::string& before, const std::string& script) {
  const size_t at = page.find("nonce=\"") + 7;
  const std::string nonce = page.substr(at, page.find('"', at) - at);
  page.insert(page.rfind(before), "<script nonce=\"" + nonce + "\">" + script + "</script>");
}

class Report : public MoveTest {
 protected:
  void SetUp() override {
    MoveTest::SetUp();
    directory_ = std::filesystem::temp_directory_path() / ("airlift-report-" + std::to_string(getpid()) + database());
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override {
    std::filesystem::remove_all(directory_);
    MoveTest::TearDown();
  }

  std::string Path(const std::string& name) const { return (directory_ / name).string(); }
  void Write(const std::string& name, const std::string& text) const { std::ofstream(Path(name)) << text; }

  // The page that COMMAND --html writes while it prints JSON; `document` becomes the latter.
  std::string PageOf(const std::string& command, json* document, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {command, "--source", SourceConnInfo(), "--target", TargetConnInfo(), "--json", "--html",
                               Path(command + ".html")});
    const ProcessResult result = RunHelper(more);
    EXPECT_LE(result.status, 1) << result.Describe();
    *document = json::parse(result.out, nullptr, false);
    const std::string page = ReadFile(Path(command + ".html"));
    ExpectNoPassword(page);
    return page;
  }

  std::string Render(const json& document) {
    Write("document.json", document.dump());
    const ProcessResult result = RunHelper({"report", Path("document.json"), "-o", Path("page.html")});
    EXPECT_EQ(result.status, 0) << result.Describe();
    return ReadFile(Path("page.html"));
  }

  // The page's DOM after its scripts. A page that makes the browser's console say anything fails.
  std::string Open(const std::string& page) {
    Write("opened.html", page);
    ProcessOptions options;
    options.limit = std::chrono::seconds(120);
    const ProcessResult result =
        RunProcess({Browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                    "--disable-sync", "--enable-logging=stderr", "--user-data-dir=" + Path("profile"), "--dump-dom",
                    "file://" + Path("opened.html")},
                   options);
    EXPECT_EQ(result.status, 0) << result.Describe();
    EXPECT_THAT(result.err, Not(HasSubstr("CONSOLE")));
    return result.out;
  }

  // What `script` leaves in `result`, an array, when it runs in the page.
  std::string Ask(std::string page, const std::string& script) {
    Insert(page, "</body>", script + "; document.body.setAttribute('data-result', JSON.stringify(result))");
    const std::string dom = Open(page);
    const std::string mark = "data-result=\"";
    const size_t at = dom.find(mark);
    if (at == std::string::npos) return "the script did not run";
    return dom.substr(at + mark.size(), dom.find('"', at + mark.size()) - at - mark.size());
  }

 private:
  std::filesystem::path directory_;
};

TEST_F(Report, OfAPlanFiltersSortsAndHasCopyButtons) {
  source().PsqlFile(database(), TestFile("data/hostile_names.sql"));
  source().Execute(database(), "CREATE TABLE \"<script>document.title = 'owned'</script>\" (id int PRIMARY KEY)");
  json plan;
  const std::string page = PageOf("plan", &plan, {"--sample-seconds", "0.5"});
  EXPECT_EQ(Ask(page, R"(
    const table = document.querySelector('#tables'), input = table.parentNode.previousElementSibling.firstChild;
    const all = table.tBodies[0].rows.length;
    input.value = 'MixedCase'; input.dispatchEvent(new Event('input'));
    const shown = [...table.tBodies[0].rows].filter(row => !row.hidden).length;
    table.querySelectorAll('th button')[1].click();
    const sizes = [...table.tBodies[0].rows].map(row => Number(row.cells[1].dataset.v));
    const sorted = sizes.every((size, i) => i === 0 || sizes[i - 1] <= size);
    const result = [all > 30, shown > 0 && shown < 5, sorted, document.querySelectorAll('.code button').length > 3,
      document.querySelectorAll('#tables svg').length > 60, !document.title.includes('owned')])"),
            "[true,true,true,true,true,true]");
}

TEST_F(Report, OfAnAssessmentFiltersFindingsAndOffersTheirSql) {
  source().PsqlFile(database(), TestFile("data/hostile_names.sql"));
  source().Execute(database(), "CREATE UNLOGGED TABLE \"<img src=x onerror=alert(1)>\" (a int)");
  json assessment;
  const std::string page = PageOf("assess", &assessment, {"--target-kind", "rds"});
  EXPECT_THAT(page, HasSubstr("SET LOGGED;"));
  EXPECT_EQ(Ask(page, R"(
    const table = document.querySelector('#findings'), input = table.parentNode.previousElementSibling.firstChild;
    input.value = 'tbl.unlogged'; input.dispatchEvent(new Event('input'));
    const shown = [...table.tBodies[0].rows].filter(row => !row.hidden);
    input.value = ''; input.dispatchEvent(new Event('input'));
    const button = [...input.parentNode.querySelectorAll('button')].find(each => each.textContent.startsWith('blocker'));
    button.click();
    const blockers = [...table.tBodies[0].rows].filter(row => !row.hidden);
    button.click();
    const result = [shown.length, shown[0].textContent.includes('onerror'), document.images.length,
      shown[0].querySelectorAll('.code button').length > 0,
      blockers.length > 0 && blockers.every(row => row.cells[0].textContent.trim() === 'blocker'),
      [...table.tBodies[0].rows].every(row => !row.hidden), document.querySelector('#summary').tBodies[0].rows.length > 5])"),
            "[1,true,0,true,true,true,true]");
}

TEST_F(Report, OfAMoveAndAComparisonShowsTheTables) {
  source().Execute(database(), "CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 10) g");
  json evidence;
  const std::string moved = PageOf("migrate", &evidence, {"--evidence", Path("evidence.json")});
  EXPECT_THAT(moved, HasSubstr("<h1>verified</h1>"));
  EXPECT_THAT(moved, HasSubstr("public.t"));
  Open(moved);
  target().Execute(database(), "DELETE FROM t WHERE id = 5");
  const std::string compared = PageOf("compare", &evidence, {"--evidence", Path("evidence.json")});
  EXPECT_EQ(evidence.at("verdict"), "differs");
  EXPECT_EQ(Ask(compared, R"(
    const rows = [...document.querySelector('#tables').tBodies[0].rows];
    const result = [document.querySelector('h1').textContent, rows.some(row => row.textContent.includes('differs'))])"),
            "[&quot;differs&quot;,true]");
  Open(Render(json::parse(ReadFile(Path("evidence.json")))));
}

// Its directory is there, so that it shows at the end only.
TEST_F(Report, APageThatCannotBeWrittenFailsAfterTheResultIsPrinted) {
  const ProcessResult result =
      RunHelper({"assess", "--source", SourceConnInfo(), "--html", Path(std::string(300, 'x'))});
  EXPECT_EQ(result.status, kFailed);
  EXPECT_THAT(result.out, HasSubstr("findings of severity"));
  EXPECT_THAT(result.err, HasSubstr("could not write file"));
}

TEST_F(Report, TheResultIsToldAlsoWhereItsEvidenceCannotBeWritten) {
  const ProcessResult result = RunHelper({"compare", "--source", SourceConnInfo(), "--target", TargetConnInfo(),
                                          "--quiet", "--evidence", Path(std::string(300, 'x'))});
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.out, HasSubstr("verdict: "));
  EXPECT_THAT(result.err, HasSubstr("evidence file"));
}

TEST_F(Report, AFileThatIsNoDocumentIsRefused) {
  for (const std::string text : {"", "{", "[]", "{\"command\": \"other\"}"}) {
    Write("odd.json", text);
    EXPECT_EQ(RunHelper({"report", Path("odd.json"), "-o", Path("odd.html")}).status, kFailed) << text;
    EXPECT_FALSE(std::filesystem::exists(Path("odd.html")));
  }
  EXPECT_EQ(RunHelper({"report", Path("missing.json")}).status, kFailed);
}

}  // namespace
}  // namespace airlift::test
