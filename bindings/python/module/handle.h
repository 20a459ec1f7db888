#pragma once

#include <string>
#include <utility>

#include "call.h"
#include "errors.h"
#include "owner.h"

namespace drawbridge::python {

/// A facet in use by one call: the component is not closed before this goes.
template <class Facet>
class Use {
 public:
  Use(Owner& owner, Facet* facet) : owner_(&owner), facet_(facet) { owner.enter(); }
  Use(Use&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), facet_(other.facet_) {}
  Use& operator=(Use&&) = delete;
  ~Use() {
    if (owner_ != nullptr) owner_->leave();
  }
  Facet* operator->() const { return facet_; }
  Facet& operator*() const { return *facet_; }
  Owner& owner() const { return *owner_; }

 private:
  Owner* owner_;
  Facet* facet_;
};

/// A facet of a component, as Python holds it. It keeps nothing open.
template <class Facet>
struct Handle {
  std::shared_ptr<Owner> owner;
  Facet* facet;

  Owner& site() const { return *owner; }
  Use<Facet> use() const { return {*owner, facet}; }
};

/// An object that a component made and that Python keeps: see Resource. Used by one call at a time.
template <class T>
class Kept final : public Resource {
 public:
  static std::shared_ptr<Kept> make(Owner& owner, std::shared_ptr<T> object) {
    auto kept = std::make_shared<Kept>();
    kept->owner_ = std::static_pointer_cast<Owner>(owner.shared_from_this());
    kept->object_ = std::move(object);
    owner.adopt(kept);
    return kept;
  }
  ~Kept() override { drop(); }

  void drop() override {
    std::shared_ptr<T> object;
    const std::lock_guard lock(mutex_);
    object.swap(object_);
  }
  std::shared_ptr<T> get(const char* what) const {
    const std::lock_guard lock(mutex_);
    if (!object_) throw Error(Code::unavailable, std::string("the ") + what + " is closed");
    return object_;
  }
  Owner& owner() const { return *owner_; }

 private:
  std::shared_ptr<Owner> owner_;
  mutable std::mutex mutex_;
  std::shared_ptr<T> object_;
};

/// One call's share of a kept object.
template <class T>
class UseKept {
 public:
  UseKept(const Kept<T>& kept, const char* what) : use_(kept.owner(), nullptr), object_(kept.get(what)) {}
  T* operator->() const { return object_.get(); }
  Owner& owner() const { return use_.owner(); }
  /// The object itself, which then goes with the call that has it.
  std::shared_ptr<T> shared() const { return object_; }

 private:
  Use<T> use_;
  std::shared_ptr<T> object_;  // goes before the use
};

/// `name` and its asynchronous twin `a` + name, from one coroutine that gets the use and the arguments by value.
template <class Facet, class Result, class... Args, class... Extra>
void def(py::class_<Handle<Facet>>& to, const std::string& name, Task<Result> (*make)(Use<Facet>, Args...),
         const Extra&... extra) {
  to.def(
      name.c_str(),
      [make](const Handle<Facet>& on, Args... args) { return run_now(on.site(), make(on.use(), std::move(args)...)); },
      extra...);
  to.def(("a" + name).c_str(),
         [make](const Handle<Facet>& on, Args... args) {
           return run_later(on.site(), make(on.use(), std::move(args)...));
         },
         extra...);
}

/// The same from a plain function that only hands on the facet's task: one coroutine less.
template <class Facet, class Result, class... Args, class... Extra>
void def_direct(py::class_<Handle<Facet>>& to, const std::string& name, Task<Result> (*call)(Facet&, Args...),
                const Extra&... extra) {
  to.def(
      name.c_str(),
      [call](const Handle<Facet>& on, Args... args) {
        auto use = on.use();
        auto task = call(*use, std::move(args)...);
        return run_now(on.site(), std::move(task), std::move(use));
      },
      extra...);
  to.def(("a" + name).c_str(),
         [call](const Handle<Facet>& on, Args... args) {
           auto use = on.use();
           auto task = call(*use, std::move(args)...);
           return run_later(on.site(), std::move(task), std::move(use));
         },
         extra...);
}

/// The same for what computes and does not wait: the twin runs on the blocking pool.
template <class Result, class Function>
Task<Result> on_pool(Function function) {
  std::optional<Result> result;
  const std::function<void()> work = [&] { result.emplace(function()); };
  co_await workbench().runtime().run_blocking(work);
  co_return std::move(*result);
}

template <class Facet, class Result, class... Args, class... Extra>
void def_computing(py::class_<Handle<Facet>>& to, const std::string& name, Result (*compute)(const Facet&, Args...),
                   const Extra&... extra) {
  to.def(
      name.c_str(),
      [compute](const Handle<Facet>& on, std::decay_t<Args>... args) -> py::object {
        const auto use = on.use();
        Result result = [&] {
          const WithoutGil free;
          return compute(*use, args...);
        }();
        return to_python(std::move(result));
      },
      extra...);
  to.def(("a" + name).c_str(),
         [compute](const Handle<Facet>& on, std::decay_t<Args>... args) -> py::object {
           auto work = [compute, use = on.use(), ... args = std::move(args)] { return compute(*use, args...); };
           return run_later(on.site(), on_pool<Result>(std::move(work)));
         },
         extra...);
}

/// For the types that a component's object has: `name` and its twin, on what Python keeps.
template <class T, class Result, class... Args, class Class, class... Extra>
void def_kept(Class& to, const std::string& name, const char* what, Task<Result> (*make)(UseKept<T>, Args...),
              const Extra&... extra) {
  to.def(
      name.c_str(),
      [make, what](const Kept<T>& on, Args... args) {
        return run_now(on.owner(), make(UseKept<T>(on, what), std::move(args)...));
      },
      extra...);
  to.def(("a" + name).c_str(),
         [make, what](const Kept<T>& on, Args... args) {
           return run_later(on.owner(), make(UseKept<T>(on, what), std::move(args)...));
         },
         extra...);
}

}  // namespace drawbridge::python
