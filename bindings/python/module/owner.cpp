#include "owner.h"

#include <algorithm>
#include <future>
#include <thread>

namespace drawbridge::python {
namespace {

constexpr Milliseconds grace{500};        // for calls to end well before they are cancelled
constexpr Milliseconds patience{10'000};  // for cancelled ones to end
constexpr unsigned io_threads = 2;
constexpr unsigned blocking_threads = 16;

/// What belongs to one process: a fork makes a new one and leaks the parent's, whose locks may be held forever.
struct Process {
  int generation = 0;
  std::mutex mutex;
  std::unique_ptr<kernel::Workbench> bench;
  bool over = false;
  std::vector<std::shared_ptr<Owner>> owners;
};

Process*& process() {
  static Process* current = new Process;
  return current;
}

}  // namespace

Settings& settings() {
  static auto& all = *new Settings{};
  return all;
}

kernel::Workbench& workbench() {
  auto& own = *process();
  const std::lock_guard lock(own.mutex);
  if (own.over) throw Error(Code::unavailable, "the interpreter is ending");
  if (!own.bench) {
    own.bench =
        std::make_unique<kernel::Workbench>(settings().plugin_dirs, settings().log, io_threads, blocking_threads);
  }
  return *own.bench;
}

void after_fork() {
  auto* const child = new Process;
  child->generation = process()->generation + 1;
  process() = child;
}

void shut_down() {
  auto& own = *process();
  for (;;) {
    std::shared_ptr<Owner> newest;
    {
      const std::lock_guard lock(own.mutex);
      own.over = true;
      const auto open =
          std::find_if(own.owners.rbegin(), own.owners.rend(), [](const auto& o) { return !o->closed(); });
      if (open == own.owners.rend()) break;
      newest = *open;
    }
    newest->close();
  }
  // An owner that is left could not be closed: something of it may still run.
  if (own.bench && (!own.owners.empty() || !own.bench->runtime().stop(patience))) {
    own.bench->runtime().abandon();
    (void)own.bench.release();
  }
}

Owner::Owner() : generation_(process()->generation), runtime_(workbench().runtime()) {}

void Owner::enlist() {
  const std::lock_guard lock(process()->mutex);
  process()->owners.push_back(std::static_pointer_cast<Owner>(shared_from_this()));
}

void Owner::forget() {
  const std::lock_guard lock(process()->mutex);
  std::erase_if(process()->owners, [this](const auto& owner) { return owner.get() == this; });
}

void Owner::enter() {
  uses_.fetch_add(1);
  if (!closed_ && generation_ == process()->generation) return;
  leave();
  if (closed_) throw Error(Code::unavailable, "`" + name() + "` is closed");
  throw Error(Code::unavailable, "`" + name() + "` belongs to the process that this one was forked from",
              "open it in the child, or start children by the method 'spawn'");
}

void Owner::leave() {
  if (uses_.fetch_sub(1) != 1 || !closed_) return;
  const std::lock_guard lock(mutex_);
  ended_.notify_all();
}

void Owner::waits(const Held<Call>& call) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(call);
  if (closed_) call->cancel();
}

void Owner::waits_no_more(const Held<Call>& call) {
  Held<Call> last;  // let go without the lock
  const std::lock_guard lock(mutex_);
  const auto found = std::find(waiting_.begin(), waiting_.end(), call);
  if (found == waiting_.end()) return;
  std::swap(*found, waiting_.back());
  last = std::move(waiting_.back());
  waiting_.pop_back();
}

void Owner::adopt(const std::shared_ptr<Resource>& resource) {
  const std::lock_guard lock(mutex_);
  std::erase_if(resources_, [](const auto& known) { return known.expired(); });
  resources_.push_back(resource);
}

void Owner::used_by(const std::shared_ptr<Owner>& user) {
  const std::lock_guard lock(mutex_);
  std::erase_if(users_, [](const auto& known) { return known.expired(); });
  users_.push_back(user);
}

void Owner::abandon() {
  closed_ = true;
  forget();
}

bool Owner::wait_for_calls(Milliseconds at_most) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, at_most, [this] { return uses_ == 0; });
}

void Owner::end_calls() {
  std::vector<Held<Call>> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = waiting_;
  }
  for (const auto& call : waiting) call->cancel();
}

void Owner::close() {
  if (generation_ != process()->generation || closed_) return;
  if (runtime_.on_io_thread()) {  // a Python object was let go there: nothing may wait for that thread on itself
    std::thread([self = std::static_pointer_cast<Owner>(shared_from_this())] { self->close(); }).detach();
    return;
  }
  if (closed_.exchange(true)) return;
  std::vector<std::weak_ptr<Owner>> users;
  {
    const std::lock_guard lock(mutex_);
    users.swap(users_);
  }
  for (const auto& weak : users) {
    if (const auto user = weak.lock()) user->close();
  }
  if (!wait_for_calls(grace)) {
    end_calls();
    if (!wait_for_calls(patience)) return;  // kept on the list
  }
  std::vector<std::weak_ptr<Resource>> resources;
  {
    const std::lock_guard lock(mutex_);
    resources.swap(resources_);
  }
  for (const auto& weak : resources) {
    if (const auto resource = weak.lock()) resource->drop();
  }
  stop();
  forget();
}

std::shared_ptr<PartOwner> PartOwner::open(kernel::PartConfig config, std::vector<std::shared_ptr<Owner>> uses) {
  auto made = [&] {
    const WithoutGil free;
    return std::make_shared<PartOwner>(workbench().make(std::move(config)), std::move(uses));
  }();
  for (const auto& used : made->uses_) used->used_by(made);
  made->enlist();
  try {
    run_now(*made, start(made));
  } catch (...) {
    made->unwanted_ = true;
    made->abandon();
    throw;
  }
  return made;
}

Task<> PartOwner::start(std::shared_ptr<PartOwner> self) {
  co_await self->part_->start();
  if (self->unwanted_) co_await self->part_->stop();
}

std::vector<ComponentStatus> PartOwner::status() const {
  return {part_->status()};
}

void PartOwner::stop() {
  const auto ended = std::make_shared<std::promise<std::exception_ptr>>();
  runtime().spawn(part_->stop(), [ended](std::exception_ptr failure) { ended->set_value(std::move(failure)); });
  const auto failure = ended->get_future().get();
  part_.reset();
  uses_.clear();
  if (failure) std::rethrow_exception(failure);
}

std::shared_ptr<NodeOwner> NodeOwner::open(std::unique_ptr<kernel::Node> node) {
  const WithoutGil free;
  const auto made = std::make_shared<NodeOwner>(std::move(node));
  made->node_->start();
  made->enlist();
  return made;
}

void NodeOwner::stop() {
  node_->stop();
  node_.reset();
}

}  // namespace drawbridge::python
