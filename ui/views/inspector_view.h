// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/tensor_inspector.h"

#include <QWidget>

class QAction;
class QStackedWidget;

namespace planish {

class ModelPage;
class TensorPage;

/// What is selected in the layer panel, looked into: one tensor, else the model.
class InspectorView final : public QWidget {
    Q_OBJECT
  public:
    InspectorView(RecipeEditor& editor, TensorSelection& tensors, JobQueue& queue, QWidget* parent = nullptr);

    /// The open model's folder or bundled name.
    void setModel(const QString& place);
    /// "Inspect": asks for this view.
    QAction* inspectAction() const { return inspect_; }
    TensorInspector& inspector() { return *inspector_; }
    TensorPage* tensorPage() const { return tensorPage_; }
    ModelPage* modelPage() const { return modelPage_; }

  signals:
    void shown();
    void statusMessage(const QString& text);

  protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

  private:
    void update();

    RecipeEditor& editor_;
    TensorInspector* inspector_;
    QAction* inspect_;
    QStackedWidget* pages_;
    QWidget* emptyPage_;
    ModelPage* modelPage_;
    TensorPage* tensorPage_;
};

} // namespace planish
