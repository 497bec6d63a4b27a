// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <set>
#include <string>

namespace planish {

/// The runs selected by the user, shared by plot, table and layer panel. It holds ids, so that it survives
/// sorting, filtering and new runs.
class RunSelection final : public QObject {
    Q_OBJECT
  public:
    using Ids = std::set<std::string>;
    using QObject::QObject;

    const Ids& ids() const { return ids_; }
    bool contains(const std::string& id) const { return ids_.contains(id); }

    void select(Ids ids);
    void add(const Ids& ids);
    void toggle(const std::string& id);
    void clear() { select({}); }

  signals:
    void changed();

  private:
    Ids ids_;
};

} // namespace planish
