// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/run_map_view.h"

#include "plots/layer_map.h"
#include "plots/parallel_plot.h"

#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QTabWidget>
#include <QVBoxLayout>

namespace planish {

RunMapView::RunMapView(RunCollection& runs, RunSelection& selection, RunBrushes& brushes,
                       TensorSelection& tensors, QWidget* parent)
    : QWidget(parent),
      map_(new QAction(tr("Map o&f runs"), this)),
      tabs_(new QTabWidget(this)),
      parallel_(new ParallelPlot(runs, selection, brushes, this)),
      layers_(new LayerMap(runs, selection, brushes, tensors, this)) {
    map_->setShortcut(Qt::CTRL | Qt::Key_M);
    map_->setToolTip(tr("Parallel coordinates of all runs, and their layers as a map (Ctrl+M)"));
    connect(map_, &QAction::triggered, this, &RunMapView::shown);
    auto* hint =
        new QLabel(tr("Drag along an axis to keep only the runs inside, here, in the table and on the "
                      "frontier; click the axis to let all in again."),
                   this);
    hint->setWordWrap(true);
    hint->setMargin(4);
    auto* parallelPage = new QWidget(tabs_);
    auto* parallelLayout = new QVBoxLayout(parallelPage);
    parallelLayout->setContentsMargins(0, 0, 0, 0);
    parallelLayout->setSpacing(0);
    parallelLayout->addWidget(hint);
    parallelLayout->addWidget(parallel_, 1);
    auto* layerPage = new QWidget(tabs_);
    auto* quantity = new QComboBox(layerPage);
    quantity->addItems({tr("Bits per weight"), tr("Error (signal to quantization noise)")});
    quantity->setAccessibleName(tr("What the colours mean"));
    quantity->setToolTip(tr("What the colours mean; with two or more runs selected the map shows these"));
    connect(quantity, &QComboBox::currentIndexChanged, this, [this](int index) {
        layers_->setQuantity(index == 0 ? LayerMap::Quantity::bits : LayerMap::Quantity::error);
    });
    auto* layerLayout = new QVBoxLayout(layerPage);
    layerLayout->setContentsMargins(4, 4, 0, 0);
    layerLayout->addWidget(quantity, 0, Qt::AlignLeft);
    layerLayout->addWidget(layers_, 1);
    tabs_->addTab(parallelPage, tr("Parallel coordinates"));
    tabs_->addTab(layerPage, tr("Layers by run"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(tabs_);
}

} // namespace planish
