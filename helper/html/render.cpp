#include "html/render.h"

#include <fmt/format.h>

#include <random>

#include "base/error.h"
#include "html/assets.h"
#include "html/reports.h"

namespace airlift {

namespace {

using namespace html;  // NOLINT: the file's whole subject

struct Kind {
  const char* command;
  const char* title;
  void (*add)(Builder&, const json&);
};

constexpr Kind kKinds[] = {
    {"plan", "Plan of a move", AddPlan},
    {"assess", "Assessment", AddAssessment},
    {"compare", "Comparison", AddEvidence},
    {"migrate", "Move", AddEvidence},
    {"restore", "Move without proof", AddEvidence},
};

const Kind& KindOf(const json& document) {
  const std::string command = TextOf(document, "command");
  for (const Kind& kind : kKinds)
    if (command == kind.command) return kind;
  throw Error("the file is no document that pg_airlift wrote", "It has no \"command\" that a report is known for.",
              "Give what compare, migrate or restore wrote as evidence, or the output of assess or plan with --json.");
}

// Only our own style and script run, whatever the document holds.
std::string Nonce() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

void AddHead(Builder& page, const std::string& title, const std::string& nonce) {
  page.Raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
  page.Open("meta", {{"http-equiv", "Content-Security-Policy"},
                     {"content", fmt::format("default-src 'none'; style-src 'nonce-{0}'; script-src 'nonce-{0}'; "
                                             "base-uri 'none'; form-action 'none'",
                                             nonce)}});
  page.Raw("\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
  page.Raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
  page.Element("title", title);
  page.Open("style", {{"nonce", nonce}}).Raw(kStyle).Close("style");
  page.Raw("</head>\n<body>\n<main>\n");
}

void AddFoot(Builder& page, const json& document, const std::string& nonce) {
  page.Open("footer");
  std::string made = "Made by pg_airlift";
  if (const std::string version = TextOf(document, "program_version"); !version.empty()) made += " " + version;
  if (const std::string when = TextOf(document, "finished_at"); !when.empty()) made += ", " + when;
  page.Text(made).Close("footer").Raw("</main>\n");
  page.Open("script", {{"nonce", nonce}}).Raw(kScript).Close("script");
  page.Raw("</body>\n</html>\n");
}

}  // namespace

std::string RenderHtml(const nlohmann::json& document) {
  const Kind& kind = KindOf(document);
  const std::string nonce = Nonce();
  Builder page;
  AddHead(page, fmt::format("{}: {}", kind.title, TextOf(Member(document, "source"), "database")), nonce);
  kind.add(page, document);
  AddFoot(page, document, nonce);
  return page.Take();
}

}  // namespace airlift
