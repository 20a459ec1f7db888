// drawbridge storage copy, storage hash: whole storages of a node that does not run.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <boost/json/object.hpp>
#include <memory>

#include "kernel/cli/home.h"
#include "kernel/cli/progress.h"
#include "kernel/cli/storage_copy.h"

namespace drawbridge::cli {
namespace json = boost::json;
namespace {

struct StorageOptions {
  std::string config;
  std::string from;
  std::string to;
};

/// The named storages of the configuration, started in this process with what they use and nothing else.
class LocalStorages {
 public:
  LocalStorages(const Context& context, const std::string& config, const std::vector<std::string>& names)
      : node_(kernel::Node::from_file(config_file(context, config), node_options(Level::warning))) {
    for (const auto& name : names) sides_.push_back(storage_side(*node_, name));
    node_->start(names);
  }
  ~LocalStorages() {
    sides_.clear();
    node_->stop();
  }
  LocalStorages(const LocalStorages&) = delete;
  LocalStorages& operator=(const LocalStorages&) = delete;

  kernel::Node& node() const { return *node_; }
  const StorageSide& side(std::size_t index) const { return sides_[index]; }

 private:
  Privacy privacy_;
  std::unique_ptr<kernel::Node> node_;
  std::vector<StorageSide> sides_;
};

/// One bar at a time; a new one for each phase.
class Bars {
 public:
  CopyProgress progress() {
    return [this](const char* what, std::uint64_t done, std::optional<std::uint64_t> total) {
      if (what_ != what) {
        bar_ = std::make_unique<Progress>(what);
        what_ = what;
      }
      bar_->update(done, total);
    };
  }

 private:
  std::string what_;
  std::unique_ptr<Progress> bar_;
};

void tell(const Output& output, const StorageContent& content, json::object more, const Output::Page& lines) {
  if (output.json()) {
    more["records"] = content.records;
    more["blobs"] = content.blobs;
    more["bytes"] = content.bytes;
    more["hash"] = content.hash;
    output.print_json(more);
    return;
  }
  Output::Page page{{"records", std::to_string(content.records)},
                    {"blobs", std::to_string(content.blobs)},
                    {"size", human_size(content.bytes)},
                    {"hash", content.hash}};
  page.insert(page.begin(), lines.begin(), lines.end());
  output.print_page(page);
}

int copy(Context& context, const StorageOptions& options) {
  if (options.from == options.to) throw Error(Code::invalid, "source and target are the same component");
  const LocalStorages storages(context, options.config, {options.from, options.to});
  CopyResult result;
  {
    Bars bars;
    result = copy_storage(storages.node(), storages.side(0), storages.side(1), bars.progress());
  }
  tell(context.output, result.content,
       json::object{{"status", "ok"}, {"from", options.from}, {"to", options.to}, {"resumed", result.resumed}},
       {{"copied", options.from + " to " + options.to + (result.resumed ? ", resumed" : "")}});
  context.output.remark(fmt::format("Both hold the same. To change over, name `{}` where the configuration names `{}`.",
                                    printable(options.to), printable(options.from)));
  return 0;
}

int hash(Context& context, const StorageOptions& options) {
  const LocalStorages storages(context, options.config, {options.from});
  StorageContent content;
  {
    Bars bars;
    content = content_of(storages.node(), storages.side(0), bars.progress());
  }
  tell(context.output, content, json::object{{"storage", options.from}}, {});
  return 0;
}

}  // namespace

void add_storage(CLI::App& app, Context& context) {
  const auto options = std::make_shared<StorageOptions>();
  auto* parent = add_command(app, "storage", "Copy the data of a node that does not run to another storage, or hash it",
                             "drawbridge storage copy main next");
  parent->require_subcommand(1);
  const auto add = [&](const char* name, const char* purpose, const char* example,
                       int (*action)(Context&, const StorageOptions&)) {
    auto* command = add_command(*parent, name, purpose, example);
    command->add_option("--config", options->config, "The configuration (default: node.yaml of the home)")
        ->type_name("FILE");
    command->callback([&context, options, action] {
      context.action = [&context, options, action] { return action(context, *options); };
    });
    return command;
  };
  auto* copying = add("copy",
                      "Copy all records and blobs of one storage component to another, which is empty or has a part of "
                      "them from a copy that was interrupted",
                      "drawbridge storage copy main next --config node.yaml", copy);
  copying->add_option("FROM", options->from, "The component to copy from")->required()->type_name("");
  copying->add_option("TO", options->to, "The component to copy to")->required()->type_name("");
  auto* hashing =
      add("hash", "Print how much a storage holds and a hash of it: the same for the same content in any engine",
          "drawbridge storage hash main", hash);
  hashing->add_option("NAME", options->from, "The component")->required()->type_name("");
}

}  // namespace drawbridge::cli
