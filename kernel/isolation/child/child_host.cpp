#include "kernel/isolation/child/child_host.h"

#include <algorithm>

#include "kernel/host.h"

namespace drawbridge::kernel::isolation {

ChildHost::ChildHost(const Setup& setup, const Beginning& beginning, std::shared_ptr<Link> link, Runtime& runtime)
    : name_(setup.name),
      node_name_(setup.node_name),
      own_clock_(beginning.own_clock),
      own_random_(beginning.own_random),
      host_{std::move(link), host_object},
      runtime_(runtime) {
  log_.host = clock_.host = random_.host = host_;
  log_.level = beginning.level;
}

const Clock& ChildHost::system_clock() {
  return kernel::system_clock();
}

std::vector<ComponentStatus> ChildHost::status() const {
  return call<&HostService::status>(host_);
}

void ChildHost::NodeLog::write(Level wanted, std::string_view message) {
  try {
    call<&HostService::log>(host, wanted, message.substr(0, 16 * 1024));
  } catch (const std::exception&) {  // the node is gone, and with it the log
  }
}

Timestamp ChildHost::NodeClock::now() const {
  return call<&HostService::now>(host);
}

void ChildHost::NodeRandom::fill(MutableBytes out) {
  constexpr std::size_t at_once = 64 * 1024;
  while (!out.empty()) {
    const auto count = std::min(out.size(), at_once);
    const auto bytes = call<&HostService::random>(host, static_cast<std::uint32_t>(count));
    if (bytes.size() != count) throw Error(Code::internal, "the node gave too little randomness");
    std::copy(bytes.begin(), bytes.end(), out.begin());
    out = out.subspan(count);
  }
}

}  // namespace drawbridge::kernel::isolation
