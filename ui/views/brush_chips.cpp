// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/brush_chips.h"

#include "views/flow_layout.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace planish {

BrushChips::BrushChips(RunBrushes& brushes, QWidget* parent) : QFrame(parent), brushes_(brushes) {
    setAccessibleName(tr("Filters of the runs"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 4, 6, 4);
    // Queued: a chip that is clicked must not be deleted under its own feet.
    connect(&brushes_, &RunBrushes::changed, this, &BrushChips::update, Qt::QueuedConnection);
    update();
}

void BrushChips::update() {
    delete chips_;
    chips_ = new QWidget(this);
    auto* flow = new FlowLayout(chips_, 6);
    flow->setContentsMargins(0, 0, 0, 0);
    flow->addWidget(new QLabel(tr("Only runs with"), chips_));
    for (const auto& [quantity, interval] : brushes_.intervals()) {
        auto* chip = new QPushButton(describe(quantity, interval) + QStringLiteral("  ✕"), chips_);
        chip->setToolTip(tr("Remove this filter"));
        chip->setAccessibleName(tr("Remove the filter %1").arg(describe(quantity, interval)));
        connect(chip, &QPushButton::clicked, &brushes_,
                [this, quantity = quantity] { brushes_.remove(quantity); });
        flow->addWidget(chip);
    }
    auto* all = new QPushButton(tr("Show all runs"), chips_);
    connect(all, &QPushButton::clicked, &brushes_, &RunBrushes::clear);
    flow->addWidget(all);
    layout()->addWidget(chips_);
    setVisible(!brushes_.isEmpty());
}

} // namespace planish
