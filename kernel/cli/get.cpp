// drawbridge get: opens an asset into a file.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>

#include "kernel/cli/files.h"
#include "kernel/cli/home.h"
#include "kernel/cli/progress.h"

namespace drawbridge::cli {
namespace json = boost::json;
namespace {

constexpr unsigned content_mode = 0600;  // what was sealed until now is nobody else's

struct GetOptions {
  std::string hash;
  std::string output;
  std::string range;
  bool force = false;
};

http::ClientRequest request_for(const GetOptions& options, OutputFile& file, Progress& progress) {
  http::ClientRequest request;
  request.target = "/data/" + http::encode_component(options.hash);
  request.headers = {{"Accept", "application/octet-stream"}};
  if (!options.range.empty()) request.headers.emplace_back("Range", range_argument(options.range));
  request.sink = [&file](BytesView piece) { file.write(piece); };
  request.progress = [&progress](std::uint64_t done, std::optional<std::uint64_t> total) {
    progress.update(done, total);
  };
  return request;
}

void tell(const Output& output, const GetOptions& options, const http::ClientResponse& response, std::uint64_t size,
          Milliseconds took) {
  const auto header = [&](std::string_view name) { return std::string(response.header(name)); };
  if (output.json()) {
    output.print_json(json::object{{"data_hash", options.hash},
                                   {"output", options.output},
                                   {"size", size},
                                   {"content_type", header("Content-Type")},
                                   {"content_range", header("Content-Range")},
                                   {"sender", header("X-Sender")},
                                   {"timestamp", header("X-Shared-At")},
                                   {"verified", true},
                                   {"elapsed_ms", took.count()}});
    return;
  }
  output.print_page({{"opened", options.output == "-" ? "" : options.output},
                     {"size", fmt::format("{} ({} bytes)", human_size(size), size)},
                     {"range", header("Content-Range")},
                     {"type", header("Content-Type")},
                     {"sender", header("X-Sender")},
                     {"shared", header("X-Shared-At")},
                     {"time", fmt::format("{}, {}", human_time(took), human_rate(size, took))}});
}

int get(Context& context, const GetOptions& options) {
  if (options.output == "-") context.output.use_stderr();
  if (!options.range.empty()) range_argument(options.range);  // before anything is made
  auto client = connect(context, Api::external);
  OutputFile file(options.output, options.force, content_mode);
  http::ClientResponse response;
  Milliseconds took{};
  {
    Progress progress("get");
    response = client.send(request_for(options, file, progress));
    took = progress.elapsed();
  }
  if (!options.range.empty() && response.status != 206) {
    throw Error(Code::unsupported, "the node did not answer with the range that was asked for");
  }
  file.commit();
  tell(context.output, options, response, file.written(), took);
  return 0;
}

}  // namespace

void add_get(CLI::App& app, Context& context) {
  const auto options = std::make_shared<GetOptions>();
  auto* command =
      add_command(app, "get", "Open what was shared, into a file", "drawbridge get sha256:9f86… -o scan.pdf");
  command->add_option("HASH", options->hash, "The asset: sha256:… as `share` and `list` tell it")
      ->required()
      ->type_name("");
  command
      ->add_option("-o,--output", options->output,
                   "The file to make, mode 0600; - is standard output, then the report goes to standard error")
      ->required()
      ->type_name("FILE");
  command->add_option("--range", options->range, "Only these bytes: FIRST-LAST from 0 on, FIRST- or -COUNT")
      ->type_name("A-B");
  command->add_flag("--force", options->force, "Overwrite the file");
  command->callback([&context, options] { context.action = [&context, options] { return get(context, *options); }; });
}

}  // namespace drawbridge::cli
