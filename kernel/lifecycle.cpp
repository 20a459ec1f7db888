#include "kernel/lifecycle.h"

#include <fmt/core.h>

#include <algorithm>

namespace drawbridge::kernel {
namespace {

using Stage = Instance::Stage;

/// What was thrown, as an Error with its context.
Error as_error(const std::exception_ptr& failure, const std::string& context) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error.within(context);
  } catch (const std::exception& error) {
    return {Code::internal, context + ": " + error.what()};
  } catch (...) {
    return {Code::internal, context + ": an unknown exception"};
  }
}

std::string context_of(const Instance& instance) {
  return "component '" + instance.config.name + "'";
}

// They keep the instance while they run, even if the kernel has given up on it. What a component's plain function
// throws is caught with what its coroutine throws.
Task<> run_start(InstancePtr instance) {
  co_await instance->component->start(*instance->host);
}
Task<> run_stop(InstancePtr instance) {
  co_await instance->component->stop();
}

Milliseconds since(SteadyTime begin) {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
}

}  // namespace

void Lifecycle::start(const InstancePtr& instance, const InstancePtr& old) {
  const auto& name = instance->config.name;
  const auto began = std::chrono::steady_clock::now();
  instance->host = old ? old->host : std::make_shared<ComponentHost>(name, log_.logger(name), world_);
  instance->stage = Stage::starting;
  instance->host->set_predecessor(old ? old->component : nullptr);
  const auto failure = begin(run_start(instance)).get();
  instance->host->set_predecessor(nullptr);
  if (failure) throw as_error(failure, context_of(*instance));
  instance->stage = Stage::running;
  logger_->debug("started {} ({} {}) in {} ms", name, instance->plugin.id, instance->plugin.version,
                 since(began).count());
}

void Lifecycle::stop(const InstancePtr& instance, SteadyTime until, Milliseconds stop_timeout) {
  const auto& name = instance->config.name;
  const auto now = std::chrono::steady_clock::now();
  const auto grace = std::min<Milliseconds>(stop_timeout / 10, Milliseconds(1'000));
  instance->stage = Stage::stopping;
  auto done = begin(run_stop(instance));
  if (done.wait_until(std::max(until, now + grace)) != std::future_status::ready) {
    logger_->error("component '{}' did not stop within {} ms, giving up on it", name, since(now).count());
    return give_up(instance);
  }
  instance->stage = Stage::stopped;
  if (const auto failure = done.get()) {
    logger_->error("stopping: {}", as_error(failure, context_of(*instance)).what());
  } else {
    logger_->debug("stopped {} in {} ms", name, since(now).count());
  }
}

void Lifecycle::give_up(const InstancePtr& instance) {
  instance->stage = Stage::abandoned;
  abandoned_ = true;
  const std::lock_guard lock(mutex_);
  given_up_.push_back(instance);
}

void Lifecycle::retire(std::vector<InstancePtr> instances, Milliseconds patience) {
  if (instances.empty()) return;
  auto retired = std::make_shared<Retired>();
  retired->instances = std::move(instances);
  {
    const std::lock_guard lock(mutex_);
    retired_.push_back(retired);
  }
  // The watch ends with the instances: it must not keep them.
  const auto watch = [](std::weak_ptr<Retired> weak, std::shared_ptr<Logger> logger, Milliseconds limit) -> Task<> {
    for (Milliseconds waited(0); waited < limit; waited += Milliseconds(100)) {
      if (weak.expired()) co_return;
      co_await sleep_for(std::min(limit, Milliseconds(100)));
    }
    if (!weak.expired()) {
      logger->warning("what the reload replaced still serves requests after {}; it goes on until they end",
                      to_text(limit));
    }
  };
  runtime_.spawn(watch(retired, logger_, patience), [](const std::exception_ptr&) {});
  runtime_.spawn(stop_retired(std::move(retired)), [](const std::exception_ptr&) {});
}

Task<> Lifecycle::stop_retired(std::shared_ptr<Retired> retired) {
  auto& instances = retired->instances;
  while (!instances.empty()) {
    const auto instance = instances.back();
    instance->stage = Stage::stopping;
    std::exception_ptr failure;
    try {
      co_await instance->component->stop();
    } catch (...) {
      failure = std::current_exception();
    }
    instance->stage = Stage::stopped;
    if (failure) logger_->error("stopping what was replaced: {}", as_error(failure, context_of(*instance)).what());
    instances.pop_back();
  }
  // Under the lock: whoever waits may destroy this object as soon as it is free.
  const std::lock_guard lock(mutex_);
  retired_.remove(retired);
  changed_.notify_all();
}

std::size_t Lifecycle::retiring() const {
  const std::lock_guard lock(mutex_);
  return retired_.size();
}

void Lifecycle::await_retired(SteadyTime until) {
  std::unique_lock lock(mutex_);
  const auto grace = std::chrono::steady_clock::now() + Milliseconds(1'000);
  if (changed_.wait_until(lock, std::max(until, grace), [this] { return retired_.empty(); })) return;
  abandoned_ = true;
  logger_->error("components that a reload has replaced did not stop in time, giving up on them");
}

std::future<std::exception_ptr> Lifecycle::begin(Task<> task) {
  const auto promise = std::make_shared<std::promise<std::exception_ptr>>();
  runtime_.spawn(std::move(task), [promise](std::exception_ptr failure) { promise->set_value(std::move(failure)); });
  return promise->get_future();
}

}  // namespace drawbridge::kernel
