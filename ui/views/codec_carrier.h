// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"

#include <QModelIndex>
#include <QObject>
#include <map>

class QAction;

namespace planish {

class CodecMix;
class LayerFilterModel;
class LayerTreeView;
class RecipeEditor;

/// Carries codecs from layers to others, in the layer tree: copy and paste by the clipboard, as text; fill
/// down; and the fill handle. Only says what is wanted.
class CodecCarrier final : public QObject {
    Q_OBJECT
  public:
    /// `tree` and `filter` must outlive this.
    CodecCarrier(LayerTreeView& tree, LayerFilterModel& filter, QObject* parent = nullptr);

    QAction* copyAction() const { return copy_; }
    QAction* pasteAction() const { return paste_; }
    QAction* fillAction() const { return fill_; }
    /// Whether layers are selected whose codecs can be copied, and set.
    void setPossible(bool copying, bool setting);

  signals:
    /// By tensor; `undoText` says what it is.
    void wanted(const std::map<int, planish::Codec>& codecs, const QString& undoText);
    void copied(const QString& message);
    void refused(const QString& message);

  private:
    QAction* make(const QString& text, const QKeySequence& keys, const QString& toolTip);
    void copy();
    void paste();
    void fillDown();
    void fill(const QModelIndex& from, const QModelIndexList& rows);
    const RecipeEditor& recipe() const;
    QString describe(const std::vector<int>& tensors) const;

    LayerTreeView& tree_;
    LayerFilterModel& filter_;
    QAction* copy_;
    QAction* paste_;
    QAction* fill_;
};

} // namespace planish
