// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/run_brushes.h"
#include "models/run_collection.h"
#include "models/run_selection.h"
#include "models/tensor_selection.h"

#include <QWidget>

class QAction;
class QTabWidget;

namespace planish {

class LayerMap;
class ParallelPlot;

/// All runs at once: their quantities as parallel coordinates, whose intervals filter every view, and their
/// layers as a map.
class RunMapView final : public QWidget {
    Q_OBJECT
  public:
    RunMapView(RunCollection& runs, RunSelection& selection, RunBrushes& brushes, TensorSelection& tensors,
               QWidget* parent = nullptr);

    /// "Map of runs": asks for this view.
    QAction* mapAction() const { return map_; }
    ParallelPlot* parallel() const { return parallel_; }
    LayerMap* layers() const { return layers_; }
    QTabWidget* tabs() const { return tabs_; }

  signals:
    void shown();

  private:
    QAction* map_;
    QTabWidget* tabs_;
    ParallelPlot* parallel_;
    LayerMap* layers_;
};

} // namespace planish
