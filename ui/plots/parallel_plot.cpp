// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/parallel_plot.h"

#include "plots/frontier_plot.h"
#include "plots/plot_theme.h"

#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace planish {

namespace {

constexpr int sideMargin = 64;
constexpr int rightMargin = 24;
constexpr int mostSmoothLines = 500;
constexpr int reach = 14; ///< pixels beside an axis that still mean it

QCPCurve* addCurve(QCustomPlot& plot) {
    auto* curve = new QCPCurve(plot.xAxis, plot.yAxis); // owned by the plot
    curve->setAntialiased(true);
    return curve;
}

} // namespace

ParallelPlot::ParallelPlot(RunCollection& runs, RunSelection& selection, RunBrushes& brushes, QWidget* parent)
    : ThemedPlot(tr("Parallel coordinates of the runs"), parent),
      runs_(runs),
      selection_(selection),
      brushes_(brushes),
      hidden_(addCurve(*this)),
      shown_(addCurve(*this)),
      selected_(addCurve(*this)) {
    setAccessibleDescription(
        tr("Left and right choose an axis; up and down move its interval, with Shift they "
           "narrow and widen it; Delete removes it. The table has the same numbers."));
    axisRect()->setAutoMargins(QCP::msNone);
    for (QCPAxis* axis : axisRect()->axes()) {
        axis->setVisible(false);
        axis->grid()->setVisible(false);
    }
    xAxis->setRange(0, static_cast<double>(runQuantities().size()) - 1);
    yAxis->setRange(0, 1);
    for (std::size_t i = 0; i < runQuantities().size(); ++i) {
        QCPAxis* axis = axisRect()->addAxis(QCPAxis::atLeft);
        axis->grid()->setVisible(false);
        axis->setNumberFormat(QStringLiteral("gb"));
        axis->setNumberPrecision(3);
        axes_.push_back(axis);
        auto* title = new QCPItemText(this);
        title->setClipToAxisRect(false);
        title->setPositionAlignment(Qt::AlignHCenter | Qt::AlignBottom);
        title->position->setCoords(static_cast<double>(i), 1.04);
        titles_.push_back(title);
        auto* mark = new QCPItemRect(this);
        mark->setClipToAxisRect(false);
        marks_.push_back(mark);
    }
    connect(&runs_, &RunCollection::changed, this, &ParallelPlot::rebuild);
    connect(&selection_, &RunSelection::changed, this, &ParallelPlot::draw);
    connect(&brushes_, &RunBrushes::changed, this, &ParallelPlot::draw);
    applyTheme();
    recolor();
    rebuild();
}

void ParallelPlot::rebuild() {
    for (std::size_t i = 0; i < axes_.size(); ++i) {
        double lower = std::numeric_limits<double>::infinity();
        double upper = -lower;
        for (const RunRecord& run : runs_.runs()) {
            if (const double value = runQuantities()[i].value(run); std::isfinite(value)) {
                lower = std::min(lower, value);
                upper = std::max(upper, value);
            }
        }
        if (lower > upper) {
            lower = 0;
            upper = 1;
        }
        const bool logarithmic = runQuantities()[i].logarithmic && lower > 0 && upper > 3 * lower;
        const double room = upper > lower ? 0 : (upper != 0 ? std::abs(upper) * 0.1 : 1);
        axes_[i]->setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
        axes_[i]->setTicker(logarithmic ? QSharedPointer<QCPAxisTicker>(new QCPAxisTickerLog)
                                        : QSharedPointer<QCPAxisTicker>(new QCPAxisTicker));
        axes_[i]->setRange(lower - room, upper + room);
    }
    setEmptyText(runs_.count() == 0 ? tr("No runs yet. Each finished run becomes a line here.") : QString());
    for (QCPItemText* title : titles_) {
        title->setVisible(runs_.count() > 0);
    }
    recolor();
    draw();
}

double ParallelPlot::position(std::size_t quantity, double value) const {
    const QCPRange range = axes_[quantity]->range();
    return axes_[quantity]->scaleType() == QCPAxis::stLogarithmic
               ? std::log(value / range.lower) / std::log(range.upper / range.lower)
               : (value - range.lower) / range.size();
}

double ParallelPlot::valueAt(std::size_t quantity, double position) const {
    const QCPRange range = axes_[quantity]->range();
    // The ends exactly: the run there belongs to an interval that reaches them.
    if (position <= 0 || position >= 1) {
        return position <= 0 ? range.lower : range.upper;
    }
    return axes_[quantity]->scaleType() == QCPAxis::stLogarithmic
               ? range.lower * std::pow(range.upper / range.lower, position)
               : range.lower + position * range.size();
}

void ParallelPlot::draw() {
    QVector<QCPCurveData> hidden;
    QVector<QCPCurveData> shown;
    QVector<QCPCurveData> selected;
    for (const RunRecord& run : runs_.runs()) {
        const bool accepted = brushes_.accepts(run);
        QVector<QCPCurveData>& lines = !accepted ? hidden : selection_.contains(run.id) ? selected : shown;
        for (std::size_t i = 0; i < axes_.size(); ++i) {
            lines.append({static_cast<double>(lines.size()), static_cast<double>(i),
                          position(i, runQuantities()[i].value(run))});
        }
        // A gap between two runs.
        lines.append({static_cast<double>(lines.size()), 0, std::numeric_limits<double>::quiet_NaN()});
    }
    hidden_->data()->set(hidden, true);
    shown_->data()->set(shown, true);
    selected_->data()->set(selected, true);
    updateBrushes();
    replot(rpQueuedReplot);
}

void ParallelPlot::updateBrushes() {
    constexpr double halfWidth = 0.06;
    for (std::size_t i = 0; i < marks_.size(); ++i) {
        const auto found = brushes_.intervals().find(i);
        marks_[i]->setVisible(found != brushes_.intervals().end() && runs_.count() > 0);
        if (marks_[i]->visible()) {
            const auto x = static_cast<double>(i);
            marks_[i]->topLeft->setCoords(x - halfWidth, position(i, found->second.upper));
            marks_[i]->bottomRight->setCoords(x + halfWidth, position(i, found->second.lower));
        }
    }
}

/// Where there is no room for the numbers of every axis, every second, third … has them.
void ParallelPlot::placeAxes() {
    const int width = this->width() - sideMargin - rightMargin;
    const int spacing = std::max(1, width / static_cast<int>(axes_.size() - 1));
    const int widest = QFontMetrics(font()).horizontalAdvance(QStringLiteral("0.0000"));
    const auto numbered = static_cast<std::size_t>((widest + spacing) / spacing);
    for (std::size_t i = 0; i < axes_.size(); ++i) {
        axes_[i]->setOffset(-static_cast<int>(i) * width / static_cast<int>(axes_.size() - 1));
        axes_[i]->setTickLabels(i % numbered == 0);
    }
}

/// Neighbours stand in as many lines as it takes to give each title its room.
void ParallelPlot::placeTitles() {
    constexpr int mostLines = 4;
    constexpr int gap = 8;
    QFont bold = font();
    bold.setBold(true);
    const QFontMetrics metrics(bold);
    int widest = 1;
    for (const RunQuantity& quantity : runQuantities()) {
        widest = std::max(widest, metrics.horizontalAdvance(quantity.label()));
    }
    const int spacing =
        std::max(1, (width() - sideMargin - rightMargin) / static_cast<int>(axes_.size() - 1));
    const int lines = std::clamp((widest + gap + spacing - 1) / spacing, 1, mostLines);
    axisRect()->setMargins(QMargins(sideMargin, lines * metrics.height() + 24, rightMargin, 12));
    for (std::size_t i = 0; i < titles_.size(); ++i) {
        const QString title =
            metrics.elidedText(runQuantities()[i].label(), Qt::ElideRight, lines * spacing - gap);
        const int below = lines - 1 - static_cast<int>(i) % lines;
        titles_[i]->setText(title + QString(below, QLatin1Char('\n')));
    }
    // That of the last axis would leave the plot.
    titles_.back()->setPositionAlignment(Qt::AlignRight | Qt::AlignBottom);
    titles_.back()->setTextAlignment(Qt::AlignRight);
    titles_.back()->position->setTypeX(QCPItemPosition::ptViewportRatio);
    titles_.back()->position->setCoords(0.995, 1.04);
}

void ParallelPlot::resizeEvent(QResizeEvent* event) {
    QCustomPlot::resizeEvent(event);
    placeTitles();
    placeAxes();
    replot(rpQueuedReplot);
}

void ParallelPlot::recolor() {
    const QColor line = seriesColor(0, palette());
    // Thousands of smooth, translucent lines would take seconds to draw.
    const bool many = runs_.count() > mostSmoothLines;
    for (QCPCurve* curve : {hidden_, shown_}) {
        curve->setAntialiased(!many);
    }
    const QColor base = palette().color(QPalette::Base);
    const QColor text = palette().color(QPalette::Text);
    const QColor faded((9 * base.red() + text.red()) / 10, (9 * base.green() + text.green()) / 10,
                       (9 * base.blue() + text.blue()) / 10);
    hidden_->setPen(QPen(faded, many ? 0 : 1));
    QColor faint = line;
    faint.setAlphaF(many ? 1.0F : 0.55F);
    shown_->setPen(QPen(faint, many ? 0 : 1.2));
    selected_->setPen(QPen(seriesColor(1, palette()), 2.4));
    QColor interval = palette().color(QPalette::Highlight);
    for (QCPItemRect* mark : marks_) {
        mark->setPen(QPen(interval, 1.5));
        QColor inside = interval;
        inside.setAlphaF(0.25F);
        mark->setBrush(inside);
    }
    for (std::size_t i = 0; i < titles_.size(); ++i) {
        titles_[i]->setColor(palette().color(QPalette::Text));
        QFont titleFont = font();
        titleFont.setBold(i == focused_ && hasFocus());
        titles_[i]->setFont(titleFont);
    }
}

QPointF ParallelPlot::pixelOf(std::size_t quantity, double value) const {
    return {xAxis->coordToPixel(static_cast<double>(quantity)),
            yAxis->coordToPixel(position(quantity, value))};
}

std::optional<std::size_t> ParallelPlot::axisAt(const QPoint& pixel) const {
    const double nearest = std::round(xAxis->pixelToCoord(pixel.x()));
    const bool inside = nearest >= 0 && nearest < static_cast<double>(axes_.size()) &&
                        std::abs(xAxis->coordToPixel(nearest) - pixel.x()) <= reach && runs_.count() > 0;
    return inside ? std::optional(static_cast<std::size_t>(nearest)) : std::nullopt;
}

int ParallelPlot::runAt(const QPointF& pixel) const {
    const double x = xAxis->pixelToCoord(pixel.x());
    const double last = static_cast<double>(axes_.size()) - 1;
    if (x < 0 || x > last) {
        return -1;
    }
    const auto left = static_cast<std::size_t>(std::min(std::floor(x), last - 1));
    int nearest = -1;
    double best = 6; // pixels
    for (int row = 0; row < runs_.count(); ++row) {
        const RunRecord& run = runs_.run(row);
        const double from = position(left, runQuantities()[left].value(run));
        const double to = position(left + 1, runQuantities()[left + 1].value(run));
        const double y = yAxis->coordToPixel(from + (to - from) * (x - static_cast<double>(left)));
        if (std::abs(y - pixel.y()) < best && brushes_.accepts(run)) {
            best = std::abs(y - pixel.y());
            nearest = row;
        }
    }
    return nearest;
}

void ParallelPlot::mousePressEvent(QMouseEvent* event) {
    pressed_ = event->pos();
    drawn_ = event->button() == Qt::LeftButton ? axisAt(event->pos()) : std::nullopt;
    focused_ = drawn_.value_or(focused_);
}

void ParallelPlot::mouseMoveEvent(QMouseEvent* event) {
    if (drawn_ && event->buttons().testFlag(Qt::LeftButton)) {
        if (std::abs(event->pos().y() - pressed_.y()) > 3) {
            const double a = std::clamp(yAxis->pixelToCoord(pressed_.y()), 0.0, 1.0);
            const double b = std::clamp(yAxis->pixelToCoord(event->pos().y()), 0.0, 1.0);
            brushes_.set(*drawn_, {valueAt(*drawn_, std::min(a, b)), valueAt(*drawn_, std::max(a, b))});
        }
        return;
    }
    setCursor(axisAt(event->pos()) ? Qt::SizeVerCursor : Qt::ArrowCursor);
    if (const int row = runAt(event->position()); row >= 0) {
        QToolTip::showText(event->globalPosition().toPoint() + QPoint(12, 12), runToolTip(runs_.run(row)),
                           this);
    } else {
        QToolTip::hideText();
    }
}

void ParallelPlot::mouseReleaseEvent(QMouseEvent* event) {
    const bool isClick = (event->pos() - pressed_).manhattanLength() < 4;
    if (isClick && drawn_) {
        brushes_.remove(*drawn_);
    } else if (isClick && event->button() == Qt::LeftButton) {
        const int row = runAt(event->position());
        if (row >= 0 && event->modifiers().testFlag(Qt::ControlModifier)) {
            selection_.toggle(runs_.run(row).id);
        } else if (row >= 0) {
            selection_.select({runs_.run(row).id});
        } else {
            selection_.clear();
        }
    }
    drawn_.reset();
}

void ParallelPlot::moveBrush(double lower, double upper) {
    const auto found = brushes_.intervals().find(focused_);
    double from = 0;
    double to = 1;
    if (found != brushes_.intervals().end()) {
        from = position(focused_, found->second.lower);
        to = position(focused_, found->second.upper);
    }
    from = std::clamp(from + lower, 0.0, 0.99);
    to = std::clamp(to + upper, from + 0.01, 1.0);
    brushes_.set(focused_, {valueAt(focused_, from), valueAt(focused_, to)});
}

void ParallelPlot::keyPressEvent(QKeyEvent* event) {
    constexpr double step = 0.05;
    const bool sizes = event->modifiers().testFlag(Qt::ShiftModifier);
    switch (event->key()) {
    case Qt::Key_Left:
        focused_ = focused_ == 0 ? 0 : focused_ - 1;
        break;
    case Qt::Key_Right:
        focused_ = std::min(focused_ + 1, axes_.size() - 1);
        break;
    case Qt::Key_Up:
        moveBrush(step, sizes ? -step : step);
        break;
    case Qt::Key_Down:
        moveBrush(-step, sizes ? step : -step);
        break;
    case Qt::Key_Delete:
        brushes_.remove(focused_);
        break;
    default:
        QCustomPlot::keyPressEvent(event);
        return;
    }
    recolor();
    replot(rpQueuedReplot);
}

} // namespace planish
