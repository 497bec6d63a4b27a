// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/cache_row.h"

#include "calibration/statistics_cache.h"
#include "models/recipe_text.h"
#include "support/text.h"
#include "training/training_cache.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>

namespace planish {

namespace {

QString usageText(std::uint64_t bytes, std::uint64_t limit, std::size_t statistics, std::size_t trainings) {
    return statistics + trainings == 0 ? CacheRow::tr("empty")
                                       : CacheRow::tr("%1 of %2, %3 statistics, %4 trainings")
                                             .arg(fromUtf8(formatBytes(bytes)), fromUtf8(formatBytes(limit)),
                                                  QLocale().toString(static_cast<qulonglong>(statistics)),
                                                  QLocale().toString(static_cast<qulonglong>(trainings)));
}

} // namespace

CacheRow::CacheRow(QWidget* parent)
    : QWidget(parent), usage_(new QLabel(this)), clear_(new QPushButton(tr("Cl&ear"), this)) {
    usage_->setObjectName(QStringLiteral("cacheUsage"));
    // Whatever the cache grows to, the panel stays as wide as it is.
    usage_->setMinimumWidth(usage_->fontMetrics().horizontalAdvance(
        usageText(std::uint64_t{1023} << 20, StatisticsCache::usualLimit, 9999, 99)));
    clear_->setAutoDefault(false); // Enter in a field of the dialog must not clear
    clear_->setAccessibleName(tr("Clear the cache of statistics and trainings"));
    clear_->setToolTip(tr("Statistics collected once are kept on disk for runs with other codecs, trainings "
                          "for runs on other texts. Safe to clear: runs that need them collect and "
                          "train again"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(usage_, 1);
    layout->addWidget(clear_);
    connect(clear_, &QPushButton::clicked, this, &CacheRow::clear);
}

void CacheRow::showEvent(QShowEvent* event) {
    update();
    QWidget::showEvent(event);
}

void CacheRow::clear() {
    StatisticsCache::ofUser().clear();
    TrainingCache::ofUser().clear();
    update();
}

void CacheRow::update() {
    const StatisticsCache statistics = StatisticsCache::ofUser();
    const TrainingCache trainings = TrainingCache::ofUser();
    usage_->setText(usageText(statistics.bytes() + trainings.bytes(),
                              statistics.limitBytes() + trainings.limitBytes(), statistics.entries(),
                              trainings.entries()));
    usage_->setToolTip(
        QString::fromStdString(statistics.folder().string() + "\n" + trainings.folder().string()));
    clear_->setEnabled(statistics.entries() + trainings.entries() > 0);
}

} // namespace planish
