// drawbridge proof: fetches a proof from the node, and checks one offline.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>

#include "drawbridge/card.h"
#include "drawbridge/cbor.h"
#include "drawbridge/checkpoint.h"
#include "kernel/cli/files.h"
#include "kernel/cli/home.h"

namespace drawbridge::cli {
namespace json = boost::json;
namespace {

constexpr std::uint64_t max_proof_bytes = 1_MiB;  // beyond the format's own bound, so that the reader explains it
constexpr std::uint64_t max_card_bytes = 1_MiB;

struct ProofOptions {
  std::string hash;
  std::string output;
  bool force = false;
  std::string file;
  std::string card;
};

int fetch(Context& context, const ProofOptions& options) {
  if (options.hash.empty() || options.output.empty()) {
    throw Error(Code::invalid, "an asset and -o FILE are required", "`drawbridge proof --help` shows how");
  }
  if (options.output == "-") context.output.use_stderr();
  auto client = connect(context, Api::external);
  const auto answer = client.get("/data/" + http::encode_component(options.hash) + "/proof");
  write_text(options.output, answer.body, options.force);
  if (context.output.json()) {
    context.output.print_json(
        json::object{{"data_hash", options.hash}, {"output", options.output}, {"size", answer.body.size()}});
  } else if (options.output != "-") {
    context.output.print_page(
        {{"proof", options.output},
         {"size", fmt::format("{} bytes", answer.body.size())},
         {"check it", fmt::format("drawbridge proof check {} --card CARD", shell_quoted(options.output))}});
  }
  return 0;
}

/// What the event says of itself, where the proof file opens it.
json::object details_of(const LedgerEvent& event) {
  json::object out;
  if (event.salt.empty()) return out;
  const auto details = decode_cbor(event.details);
  for (const auto& [key, value] : details.map()) out[key] = value.text();
  return out;
}

Card read_card(const std::string& file) {
  try {
    return parse_card(read_text(file, max_card_bytes));
  } catch (const Error& error) {
    if (error.code() != Code::invalid && error.code() != Code::forbidden) throw;
    throw error.within(fmt::format("the card {}", file));
  }
}

CheckedProof check_file(const std::string& file, const Card& signer) {
  const auto text = read_text(file, max_proof_bytes);
  try {
    return check_event_proof(text, signer.node_id(), signer.keys.node_key);
  } catch (const Error& error) {
    throw error.within(fmt::format("{} does not hold", file));
  }
}

void tell(const Output& output, const CheckedProof& checked, const json::object& details, const Card& signer) {
  const auto& event = checked.event;
  output.print_line(fmt::format("{}: the signer's log has this event", output.styled(Style::good, "holds")));
  Output::Page page{{"event", event.type},
                    {"time", to_rfc3339(event.time)},
                    {"entry", fmt::format("{} of {}", event.index, checked.checkpoint.size)}};
  for (const auto& [key, value] : details) page.emplace_back(std::string(key), field(value, ""));
  if (details.empty())
    page.emplace_back("opening", "none: that the event was recorded is proved, not what it was about");
  page.emplace_back("signer", fmt::format("{} ({})", signer.node_id(), signer.name));
  page.emplace_back("log", checked.checkpoint.origin);
  page.emplace_back("tx hash", "0x" + to_hex(event.leaf));
  output.print_page(page);
}

int check(Context& context, const ProofOptions& options) {
  const auto signer = read_card(options.card);
  const auto checked = check_file(options.file, signer);
  auto details = details_of(checked.event);
  if (!context.output.json()) {
    tell(context.output, checked, details, signer);
    return 0;
  }
  const auto& event = checked.event;
  context.output.print_json(json::object{{"verified", true},
                                         {"type", event.type},
                                         {"timestamp", to_rfc3339(event.time)},
                                         {"index", event.index},
                                         {"size", checked.checkpoint.size},
                                         {"origin", checked.checkpoint.origin},
                                         {"root", to_hex(checked.checkpoint.root)},
                                         {"signer", signer.node_id()},
                                         {"signer_name", signer.name},
                                         {"tx_hash", "0x" + to_hex(event.leaf)},
                                         {"commitment", to_hex(event.commitment)},
                                         {"details", std::move(details)}});
  return 0;
}

}  // namespace

void add_proof(CLI::App& app, Context& context) {
  const auto options = std::make_shared<ProofOptions>();
  auto* command = add_command(app, "proof", "Write the proof of an asset's event to a file, or check one offline",
                              "drawbridge proof sha256:9f86… -o scan.tlog-proof\n"
                              "  drawbridge proof check scan.tlog-proof --card alice.card");
  command->add_option("HASH", options->hash, "The asset: sha256:… as `share` and `list` tell it")->type_name("");
  command->add_option("-o,--output", options->output, "The file to make; - is standard output")->type_name("FILE");
  command->add_flag("--force", options->force, "Overwrite the file");
  command->require_subcommand(0, 1);

  auto* offline = add_command(*command, "check",
                              "Check a proof with nothing but the file and the signer's card: no node, no network",
                              "drawbridge proof check scan.tlog-proof --card alice.card");
  offline->add_option("FILE", options->file, "The proof; - is standard input")->required()->type_name("");
  offline->add_option("--card", options->card, "The card of the node whose ledger it is")
      ->required()
      ->type_name("CARD");
  offline->callback([&context, options] { context.action = [&context, options] { return check(context, *options); }; });
  command->callback([&context, options, offline] {
    if (!offline->parsed()) context.action = [&context, options] { return fetch(context, *options); };
  });
}

}  // namespace drawbridge::cli
