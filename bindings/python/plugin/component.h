#pragma once

#include <memory>

#include "drawbridge/component.h"
#include "mounted.h"

namespace drawbridge::python {

/// What the components of every facet have in common: the life of the Python object behind them. A class for each set
/// of facets derives from it and from these.
class PythonComponent : public virtual Component {
 public:
  void options(Options& options) override { python_->declare(options); }
  Task<> start(Host& host) override {
    co_await python_->start(host);
    co_await started(host);
  }
  Task<> stop() override { return python_->stop(); }
  Health health() const override { return python_->health(); }

  /// Once, before anything else.
  void mount(std::shared_ptr<Mounted> python) { python_ = std::move(python); }

 protected:
  /// When the Python object is there.
  virtual Task<> started(Host&) { co_return; }
  Mounted& python() const { return *python_; }
  std::shared_ptr<Mounted> python_;
};

std::shared_ptr<PythonComponent> make_records();
std::shared_ptr<PythonComponent> make_blobs();
std::shared_ptr<PythonComponent> make_storage();
std::shared_ptr<PythonComponent> make_cipher_suite();
std::shared_ptr<PythonComponent> make_ledger();
std::shared_ptr<PythonComponent> make_keeper();
std::shared_ptr<PythonComponent> make_api();

}  // namespace drawbridge::python
