// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <set>
#include <string>

namespace planish {

/// The tensors selected by the user, shared by layer panel, inspector and the plots of tensors. It holds
/// names, so that it means the same in every run of a model.
class TensorSelection final : public QObject {
    Q_OBJECT
  public:
    using Names = std::set<std::string>;
    using QObject::QObject;

    const Names& names() const { return names_; }
    bool contains(const std::string& name) const { return names_.contains(name); }
    /// The selected tensor when there is exactly one, else "".
    std::string single() const { return names_.size() == 1 ? *names_.begin() : std::string(); }

    void select(Names names);
    void clear() { select({}); }

  signals:
    void changed();

  private:
    Names names_;
};

} // namespace planish
