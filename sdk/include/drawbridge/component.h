#pragma once

#include <memory>
#include <string>

#include "drawbridge/error.h"
#include "drawbridge/task.h"

namespace drawbridge {

class Host;
class Options;

/// How a component feels. `degraded` still serves; `failed` does not.
struct Health {
  enum class State { ok, degraded, failed };
  State state = State::ok;
  std::string detail;
};

/// "ok", "degraded", "failed".
DRAWBRIDGE_API std::string_view name(Health::State state);

/// One configured instance of a plugin. The life of a component, in order:
///
///  1. It is created by the plugin's default constructor: no side effects.
///  2. `options()` is called once, to parse its part of the configuration, or to print its option table.
///     Still no side effects: `drawbridge check` stops here.
///  3. `start()` is called once, after everything it uses has started. The first moment with side effects.
///  4. It runs: its facets may be called from any I/O thread, until
///  5. `stop()`, called before anything that it uses is stopped. It must finish what was accepted, then release
///     ports, files and threads. It is safe when never started, after a failed start, and when called twice.
///  6. It is destroyed. Its library stays loaded.
///
/// A component offers facets by deriving from them: `class Memory final : public Records, public Blobs`.
class DRAWBRIDGE_API Component {
 public:
  Component() = default;
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;
  virtual ~Component();

  /// Declares every option with its default, bounds and one sentence of documentation.
  virtual void options(Options& options);

  /// Begins work. Throws Error to refuse; the kernel then stops what had started, in reverse.
  /// `host` outlives the component.
  virtual Task<> start(Host& host);

  /// Ends work; see above. The kernel gives up waiting after `node.stop_timeout`.
  virtual Task<> stop();

  /// Cheap and thread-safe: shown by `drawbridge status` and `GET /health`.
  virtual Health health() const;
};

/// A reference to another component's facet, bound by the kernel between `options()` and `start()`.
/// Empty before that, and for an optional reference that the configuration leaves out.
template <class Facet>
class Ref {
 public:
  Facet* operator->() const { return facet_.get(); }
  Facet& operator*() const { return *facet_; }
  explicit operator bool() const { return facet_ != nullptr; }
  void bind(std::shared_ptr<Facet> facet) { facet_ = std::move(facet); }

 private:
  std::shared_ptr<Facet> facet_;
};

}  // namespace drawbridge
