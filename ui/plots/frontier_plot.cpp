// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/frontier_plot.h"

#include "models/run_table_model.h"
#include "plots/figure_export.h"
#include "plots/frontier_series.h"
#include "support/file.h"
#include "support/text.h"

#include <QToolTip>
#include <algorithm>

namespace planish {

QString runToolTip(const RunRecord& run) {
    const auto line = [](const QString& title, const QString& value) {
        return QStringLiteral("<tr><td>%1&nbsp;&nbsp;</td><td>%2</td></tr>")
            .arg(title, value.toHtmlEscaped());
    };
    const auto text = [](const char* value) { return FrontierPlot::tr(value); };
    QString rows;
    rows += line(
        text("Size"),
        text("%1 bits per weight, %2×").arg(formatNumber(run.bitsPerWeight), formatNumber(run.compression)));
    rows += line(text("PPL"),
                 text("%1 (unquantized %2)").arg(formatNumber(run.ppl), formatNumber(run.baselinePpl)));
    rows += line(text("ΔPPL"),
                 formatDelta(run.deltaPplPercent, run.deltaStandardErrorPercent) + QStringLiteral(" %"));
    rows += line(text("KL divergence"), text("%1 nats").arg(formatNumber(run.kldMean)));
    rows += line(text("Same top token"), text("%1 %").arg(formatNumber(100 * run.top1Agreement)));
    rows +=
        line(text("Time"), QString::fromStdString(formatSeconds(run.quantizeSeconds + run.evaluateSeconds)));
    return QStringLiteral("<b>%1</b><br>%2<table>%3</table>")
        .arg(QString::fromStdString(run.name).toHtmlEscaped(), comparisonTitle(run).toHtmlEscaped(), rows);
}

FrontierPlot::FrontierPlot(RunCollection& runs, RunSelection& selection, QWidget* parent)
    : QCustomPlot(parent), runs_(runs), selection_(selection), figure_(*this), overlay_(*this) {
    setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setMinimumSize(280, 200);
    setAccessibleName(tr("Frontier plot"));
    setAccessibleDescription(tr("The same numbers are in the table of runs."));
    connect(&runs_, &RunCollection::changed, this, &FrontierPlot::redraw);
    connect(&selection_, &RunSelection::changed, this, &FrontierPlot::updateHighlight);
    connect(
        selectionRect(), &QCPSelectionRect::accepted, this, [this](const QRect& rect, QMouseEvent* event) {
            selectRuns(figure_.runsIn(rect.normalized()), event->modifiers().testFlag(Qt::ControlModifier));
        });
    figure_.setPalette(palette());
    redraw();
}

void FrontierPlot::setAxes(const FrontierAxes& axes) {
    axes_ = axes;
    userView_ = false;
    redraw();
}

void FrontierPlot::setComparison(const std::string& key) {
    if (key != comparison_) {
        comparison_ = key;
        userView_ = false;
        redraw();
    }
}

void FrontierPlot::setOverlay(OverlayContent overlay) {
    overlayContent_ = std::move(overlay);
    redraw();
}

void FrontierPlot::setOptions(const FrontierOptions& options) {
    options_ = options;
    redraw();
}

void FrontierPlot::setBrushes(const RunBrushes& brushes) {
    brushes_ = &brushes;
    connect(&brushes, &RunBrushes::changed, this, &FrontierPlot::redraw);
    redraw();
}

FrontierContent FrontierPlot::content() const {
    FrontierContent content;
    if (brushes_ != nullptr && !brushes_->isEmpty()) {
        content.accepts = [this](const RunRecord& run) { return brushes_->accepts(run); };
    }
    content.runs = runs_.runs();
    content.axes = axes_;
    content.comparison = comparison_;
    content.colouring = options_.colouring;
    content.frontOnly = options_.frontOnly;
    content.names = options_.names;
    const auto show = [&](const RunRecord& run) {
        content.visible.emplace_back(axes_.size->value(run), axes_.loss->value(run));
    };
    std::ranges::for_each(overlayContent_.expected, show);
    if (overlayContent_.target) {
        content.visible.emplace_back(axes_.size->value(*overlayContent_.target), notMeasured);
    }
    if (overlayContent_.mix) {
        show(*overlayContent_.mix);
    }
    if (overlayContent_.ceiling) {
        content.visible.emplace_back(notMeasured, axes_.loss->value(*overlayContent_.ceiling));
    }
    content.emptyText = tr("No runs yet.\nChoose codecs in the layer panel, then press Run (F5).");
    return content;
}

void FrontierPlot::redraw() {
    hovered_.reset();
    overlay_.clear();
    figure_.draw(content());
    overlayContent_.knee.reset();
    if (const auto row = knee(); row && options_.knee) {
        overlayContent_.knee = runs_.run(static_cast<int>(*row));
    }
    overlay_.draw(overlayContent_, axes_, palette());
    if (!userView_ && !dragging_) {
        figure_.showAll();
    }
    figure_.placeLegend();
    updateHighlight();
    replot(rpQueuedReplot);
    emit redrawn();
}

namespace {

/// Runs by bits per weight, whichever way the axis runs.
std::vector<FrontierPoint> pointsOf(const ComparisonGroup& group, std::span<const RunRecord> runs,
                                    const FrontierAxes& axes) {
    std::vector<FrontierPoint> points;
    for (const std::size_t i : group.runs) {
        points.push_back({runs[i].bitsPerWeight, axes.point(runs[i]).loss});
    }
    return points;
}

} // namespace

std::optional<std::size_t> FrontierPlot::knee() const {
    const std::vector<ComparisonGroup> groups = shownGroups(content());
    if (groups.size() != 1) {
        return std::nullopt;
    }
    const std::vector<FrontierPoint> points = pointsOf(groups.front(), runs_.runs(), axes_);
    const std::vector<std::size_t> best = paretoFront(points);
    std::vector<FrontierPoint> front;
    for (const std::size_t i : best) {
        front.push_back(points[i]);
    }
    const auto bend = kneeOf(front);
    return bend ? std::optional(groups.front().runs[best[*bend]]) : std::nullopt;
}

QString FrontierPlot::readout() const {
    const auto row = knee();
    if (!row) {
        return {};
    }
    const RunRecord& run = runs_.runs()[*row];
    const auto points = pointsOf(shownGroups(content()).front(), runs_.runs(), axes_);
    return tr("Knee: %1, %2 bits per weight. Hypervolume %3")
        .arg(QString::fromStdString(run.name), formatNumber(run.bitsPerWeight),
             formatNumber(hypervolume(points)));
}

void FrontierPlot::showAll() {
    userView_ = false;
    figure_.showAll();
    figure_.placeLegend();
    replot(rpQueuedReplot);
}

std::function<void(const QString& path)> FrontierPlot::writer(const QString& format) const {
    if (format == QLatin1String("csv")) {
        return [csv = frontierCsv(content())](const QString& path) {
            replaceFile(path.toStdString(), std::string_view(csv.toStdString()));
        };
    }
    OverlayContent over = overlayContent_;
    over.expected.clear(); // what is queued now is of no interest later
    FrontierContent shown = content();
    shown.visible.clear();
    return [picture = FrontierPicture(shown, {900, 600}, over)](const QString& path) { picture.write(path); };
}

std::optional<QPointF> FrontierPlot::pixelOf(const std::string& runId) const {
    const int row = runs_.rowOf(runId);
    return row < 0 ? std::nullopt : figure_.pixelOf(static_cast<std::size_t>(row));
}

void FrontierPlot::updateHighlight() {
    std::vector<std::size_t> selected;
    for (std::size_t i = 0; i < runs_.runs().size(); ++i) {
        if (selection_.contains(runs_.runs()[i].id)) {
            selected.push_back(i);
        }
    }
    figure_.highlight(selected, hovered_);
}

void FrontierPlot::selectRuns(const std::vector<std::size_t>& indices, bool add) {
    RunSelection::Ids ids;
    for (const std::size_t i : indices) {
        ids.insert(runs_.runs()[i].id);
    }
    if (add) {
        selection_.add(ids);
    } else {
        selection_.select(std::move(ids));
    }
}

void FrontierPlot::dragTarget(const QPoint& position) {
    if (!sizes_) {
        return;
    }
    // The horizontal value is monotone in the bits per weight, whatever the axis shows.
    const double wanted = xAxis->pixelToCoord(position.x());
    double low = 1;
    double high = 21;
    const bool falls = axes_.size->largerIsBetter;
    for (int step = 0; step < 40; ++step) {
        const double middle = (low + high) / 2;
        const bool tooLarge = axes_.size->value(sizes_(middle)) > wanted;
        (tooLarge != falls ? high : low) = middle;
    }
    emit targetDragged((low + high) / 2);
}

void FrontierPlot::mousePressEvent(QMouseEvent* event) {
    pressed_ = event->pos();
    if (event->button() == Qt::LeftButton && overlay_.isTargetAt(event->position())) {
        dragging_ = true;
        return;
    }
    const bool pan = panning_ || event->modifiers().testFlag(Qt::ShiftModifier);
    setSelectionRectMode(pan ? QCP::srmNone : QCP::srmCustom);
    if (pan) {
        setCursor(Qt::ClosedHandCursor);
    }
    QCustomPlot::mousePressEvent(event);
}

void FrontierPlot::mouseMoveEvent(QMouseEvent* event) {
    if (dragging_) {
        dragTarget(event->pos());
        return;
    }
    QCustomPlot::mouseMoveEvent(event);
    if (event->buttons() == Qt::NoButton) {
        hover(event->pos());
    } else if (selectionRectMode() == QCP::srmNone) {
        userView_ = true;
    }
}

void FrontierPlot::mouseReleaseEvent(QMouseEvent* event) {
    unsetCursor();
    if (dragging_) {
        dragging_ = false;
        return;
    }
    QCustomPlot::mouseReleaseEvent(event);
    const bool isClick = (event->pos() - pressed_).manhattanLength() < 4;
    if (!isClick || event->button() != Qt::LeftButton) {
        return;
    }
    const std::optional<std::size_t> run = figure_.runAt(event->position());
    const bool add = event->modifiers().testFlag(Qt::ControlModifier);
    if (run && add) {
        selection_.toggle(runs_.runs()[*run].id);
    } else if (run) {
        selectRuns({*run}, false);
    } else if (!add) {
        selection_.clear();
    }
}

void FrontierPlot::mouseDoubleClickEvent(QMouseEvent* event) {
    QCustomPlot::mouseDoubleClickEvent(event);
    if (!figure_.runAt(event->position())) {
        showAll();
    }
}

void FrontierPlot::wheelEvent(QWheelEvent* event) {
    userView_ = true;
    QCustomPlot::wheelEvent(event);
}

void FrontierPlot::leaveEvent(QEvent* event) {
    QCustomPlot::leaveEvent(event);
    hover({-100, -100});
}

void FrontierPlot::hover(const QPoint& position) {
    const std::optional<std::size_t> run = figure_.runAt(position);
    if (overlay_.isTargetAt(position) && !run) {
        setCursor(Qt::SplitHCursor);
    } else if (cursor().shape() == Qt::SplitHCursor) {
        unsetCursor();
    }
    if (run != hovered_) {
        hovered_ = run;
        updateHighlight();
    }
    const QString text = run ? runToolTip(runs_.runs()[*run]) : overlay_.toolTipAt(position);
    if (text != hoverText_) {
        hoverText_ = text;
        QToolTip::showText(mapToGlobal(position + QPoint(12, 12)), text, this);
    }
}

void FrontierPlot::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
    case Qt::Key_Home:
        showAll();
        break;
    case Qt::Key_Escape:
        selection_.clear();
        break;
    case Qt::Key_Left:
        selectNeighbour(-1);
        break;
    case Qt::Key_Right:
        selectNeighbour(+1);
        break;
    default:
        QCustomPlot::keyPressEvent(event);
    }
}

void FrontierPlot::selectNeighbour(int step) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < runs_.runs().size(); ++i) {
        if (figure_.pixelOf(i)) {
            order.push_back(i);
        }
    }
    if (order.empty()) {
        return;
    }
    std::ranges::stable_sort(order, {}, [this](std::size_t i) { return axes_.size->value(runs_.runs()[i]); });
    const auto current = std::ranges::find_if(
        order, [this](std::size_t i) { return selection_.contains(runs_.runs()[i].id); });
    auto position = current - order.begin() + step;
    if (current == order.end()) {
        position = step > 0 ? 0 : std::ssize(order) - 1;
    }
    position = std::clamp<std::ptrdiff_t>(position, 0, std::ssize(order) - 1);
    selectRuns({order[static_cast<std::size_t>(position)]}, false);
}

void FrontierPlot::changeEvent(QEvent* event) {
    QCustomPlot::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
        figure_.setPalette(palette());
        redraw();
    }
}

} // namespace planish
