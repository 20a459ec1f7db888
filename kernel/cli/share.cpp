// drawbridge share: streams a file to the node, which seals it for a peer.
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

struct ShareOptions {
  std::string file;
  std::string recipient;
  std::string expires;
  std::string expires_at;
  std::string name;
  std::string type = "application/octet-stream";
};

void check_type(const std::string& type) {
  bool printable_type = !type.empty();
  for (const char c : type) printable_type = printable_type && c >= 0x20 && c < 0x7f;
  if (!printable_type || type.find('/') == std::string::npos) {
    throw Error(Code::invalid, fmt::format("--type: '{}' is no media type", printable(type)),
                "write it like image/png");
  }
}

std::string target_of(const ShareOptions& options, const std::string& file_name) {
  auto target = "/share_data?recipient=" + http::encode_component(options.recipient);
  const auto name = options.name.empty() ? file_name : options.name;
  if (!name.empty()) target += "&name=" + http::encode_component(name);
  target += "&type=" + http::encode_component(options.type);
  const auto until = expiry(options.expires, options.expires_at);
  if (until) target += "&expires_at=" + http::encode_component(to_rfc3339(*until));
  return target;
}

void tell(const Output& output, const json::value& shared, Milliseconds took) {
  const auto size = number_field(shared, "size");
  const auto delivery = field(shared, "delivery");
  output.print_page(
      {{"shared", field(shared, "data_hash")},
       {"with", field(shared, "recipient")},
       {"size", fmt::format("{} ({} bytes)", human_size(size), size)},
       {"sealed", fmt::format("{}, key version {}", field(shared, "encryption.algorithm"),
                              field(shared, "encryption.key_version"))},
       {"ledger",
        fmt::format("entry {} at {}", field(shared, "compliance.index"), field(shared, "compliance.timestamp"))},
       {"tx hash", field(shared, "tx_hash")},
       {"delivery", delivery == "pending" ? "pending: announced again until the recipient is there" : delivery},
       {"time", fmt::format("{}, {}", human_time(took), human_rate(size, took))}});
}

int share(Context& context, const ShareOptions& options) {
  check_type(options.type);
  InputFile file(options.file);
  const auto target = target_of(options, file.name());
  auto client = connect(context, Api::external);
  json::value shared;
  Milliseconds took{};
  {
    Progress progress("share");
    http::ClientRequest request;
    request.method = "POST";
    request.target = target;
    request.headers = {{"Content-Type", "application/octet-stream"}};
    request.source = [&file](MutableBytes out) { return file.read(out); };
    request.source_length = file.size();
    request.progress = [&progress](std::uint64_t done, std::optional<std::uint64_t> total) {
      progress.update(done, total);
    };
    shared = http::parse_json(client.send(request).body);
    took = progress.elapsed();
  }
  if (context.output.json()) {
    if (auto* object = shared.if_object()) (*object)["elapsed_ms"] = took.count();
    context.output.print_json(shared);
  } else {
    tell(context.output, shared, took);
  }
  return 0;
}

}  // namespace

void add_share(CLI::App& app, Context& context) {
  const auto options = std::make_shared<ShareOptions>();
  auto* command = add_command(app, "share", "Seal a file and share it with a peer",
                              "drawbridge share scan.pdf --to bob --expires 2h");
  command->add_option("FILE", options->file, "What to share; - is standard input")->required()->type_name("");
  command->add_option("--to", options->recipient, "A peer's name, its id, or a beginning of its id that fits one peer")
      ->required()
      ->type_name("PEER");
  command
      ->add_option("--expires", options->expires,
                   "For how long the recipient can open it: 30m, 2h, 7d (default: no end)")
      ->type_name("DURATION");
  command->add_option("--expires-at", options->expires_at, "Until when, like 2026-04-14T10:30:00Z")->type_name("TIME");
  command->add_option("--name", options->name, "The name that the recipient sees (default: the file's)")
      ->type_name("NAME");
  command->add_option("--type", options->type, "The media type that the recipient sees")->type_name("TYPE");
  command->callback([&context, options] { context.action = [&context, options] { return share(context, *options); }; });
}

}  // namespace drawbridge::cli
