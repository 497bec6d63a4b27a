// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/inspector_view.h"

#include "views/model_page.h"
#include "views/tensor_page.h"

#include <QAction>
#include <QLabel>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

namespace planish {

InspectorView::InspectorView(RecipeEditor& editor, TensorSelection& tensors, JobQueue& queue, QWidget* parent)
    : QWidget(parent),
      editor_(editor),
      inspector_(new TensorInspector(editor, tensors, queue, this)),
      inspect_(new QAction(tr("&Inspect"), this)),
      pages_(new QStackedWidget(this)),
      modelPage_(new ModelPage(editor, pages_)),
      tensorPage_(new TensorPage(*inspector_, pages_)) {
    inspect_->setShortcut(Qt::CTRL | Qt::Key_I);
    inspect_->setToolTip(tr("Look into the selected tensor, or the model (Ctrl+I)"));
    connect(inspect_, &QAction::triggered, this, &InspectorView::shown);
    auto* empty = new QLabel(tr("Open a model to look into it.\n\nFile ▸ Open model, or Ctrl+O"), pages_);
    empty->setAlignment(Qt::AlignCenter);
    empty->setWordWrap(true);
    empty->setForegroundRole(QPalette::PlaceholderText);
    emptyPage_ = empty;
    auto* modelButton = new QToolButton(this);
    modelButton->setText(tr("◂ Model"));
    modelButton->setToolTip(tr("Back to the whole model; a tensor selected in the layer panel comes here"));
    modelButton->setAccessibleName(tr("Show the model"));
    modelButton->setAutoRaise(true);
    modelButton->setFocusPolicy(Qt::StrongFocus);
    connect(modelButton, &QToolButton::clicked, this, [&tensors] { tensors.clear(); });
    for (QWidget* page :
         {emptyPage_, static_cast<QWidget*>(modelPage_), static_cast<QWidget*>(tensorPage_)}) {
        pages_->addWidget(page);
    }
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(modelButton, 0, Qt::AlignLeft);
    layout->addWidget(pages_, 1);
    connect(tensorPage_, &TensorPage::statusMessage, this, &InspectorView::statusMessage);
    connect(pages_, &QStackedWidget::currentChanged, modelButton,
            [this, modelButton] { modelButton->setVisible(pages_->currentWidget() == tensorPage_); });
    connect(inspector_, &TensorInspector::tensorChanged, this, &InspectorView::update);
    modelButton->hide();
    update();
}

void InspectorView::setModel(const QString& place) {
    modelPage_->setModel(place);
    inspector_->setModel(place);
    update();
}

void InspectorView::update() {
    QWidget* const tensor = tensorPage_;
    QWidget* const model = modelPage_;
    pages_->setCurrentWidget(!editor_.hasModel() ? emptyPage_ : inspector_->tensor() >= 0 ? tensor : model);
}

void InspectorView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    inspector_->setActive(true);
}

void InspectorView::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    inspector_->setActive(false);
}

} // namespace planish
