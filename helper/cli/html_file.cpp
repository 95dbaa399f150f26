#include "cli/html_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/output_directory.h"
#include "html/render.h"

namespace airlift {

CLI::Option* WritesAtTheEnd(CLI::Option* option) {
  return option->check([](const std::string& path) {
    if (!path.empty()) RequirePlaceForFile(path);
    return std::string();
  });
}

void AddHtmlOption(CLI::App& app, std::string& path) {
  WritesAtTheEnd(app.add_option("--html", path, "also write the result as one self-contained HTML page"))
      ->type_name("FILE");
}

void WriteHtmlFile(const std::string& path, const nlohmann::json& document) {
  if (!path.empty()) WriteWholeFile(path, RenderHtml(document));
}

void WriteWholeFile(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".tmp";
  std::ofstream file(temporary, std::ios::binary);
  file << text;
  file.close();
  if (!file || std::rename(temporary.c_str(), path.c_str()) != 0) {
    const std::string reason = std::strerror(errno);
    std::remove(temporary.c_str());
    throw Error(fmt::format("could not write file \"{}\": {}", path, reason));
  }
}

}  // namespace airlift
