// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/loss_plot.h"

#include "plots/plot_theme.h"

#include <algorithm>
#include <numeric>

namespace planish {

LossPlot::LossPlot(QWidget* parent)
    : ThemedPlot(tr("Divergence while training"), parent), steps_(addGraph()), mean_(addGraph()) {
    xAxis->setLabel(tr("Trained on (thousand tokens)"));
    yAxis->setLabel(tr("KL divergence (nats a token)"));
    steps_->setLineStyle(QCPGraph::lsNone);
    setToolTip(tr("Dots are steps, the line is their mean over neighbours. Jumps up are roundings."));
    applyTheme();
    recolor();
}

void LossPlot::show(const RunRecord& run) {
    const auto& losses = run.trainingLoss;
    const std::ptrdiff_t count = std::ssize(losses);
    const double tokensAStep =
        count == 0 ? 0 : static_cast<double>(run.trainingTokens) / static_cast<double>(count);
    QVector<double> tokens;
    QVector<double> means;
    const std::ptrdiff_t around = std::max<std::ptrdiff_t>(1, count / 100);
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const auto begin = losses.begin() + std::max<std::ptrdiff_t>(0, i - around);
        const auto end = losses.begin() + std::min(count, i + around + 1);
        tokens.push_back(static_cast<double>(i + 1) * tokensAStep / 1000);
        means.push_back(std::accumulate(begin, end, 0.0) / static_cast<double>(end - begin));
    }
    steps_->setData(tokens, QVector<double>(losses.begin(), losses.end()), true);
    mean_->setData(tokens, means, true);
    rescaleAxes();
    xAxis->setRangeLower(0);
    yAxis->setRange(0, 1.05 * std::max(yAxis->range().upper, 1e-9));
    replot(rpQueuedReplot);
}

void LossPlot::recolor() {
    QColor dots = seriesColor(0, palette());
    dots.setAlphaF(0.45F);
    steps_->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, dots, dots, 4));
    mean_->setPen(QPen(seriesColor(1, palette()), 2));
}

} // namespace planish
