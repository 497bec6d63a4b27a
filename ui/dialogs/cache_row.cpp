// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/cache_row.h"

#include "calibration/statistics_cache.h"
#include "models/recipe_text.h"
#include "support/text.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>

namespace planish {

namespace {

QString usageText(std::uint64_t bytes, std::uint64_t limit, std::size_t entries) {
    return entries == 0 ? CacheRow::tr("empty")
                        : CacheRow::tr("%1 of %2, %3 statistics")
                              .arg(fromUtf8(formatBytes(bytes)), fromUtf8(formatBytes(limit)),
                                   QLocale().toString(static_cast<qulonglong>(entries)));
}

} // namespace

CacheRow::CacheRow(QWidget* parent)
    : QWidget(parent), usage_(new QLabel(this)), clear_(new QPushButton(tr("Cl&ear"), this)) {
    usage_->setObjectName(QStringLiteral("cacheUsage"));
    // Whatever the cache grows to, the panel stays as wide as it is.
    usage_->setMinimumWidth(usage_->fontMetrics().horizontalAdvance(
        usageText(std::uint64_t{1023} << 20, StatisticsCache::usualLimit, 9999)));
    clear_->setAutoDefault(false); // Enter in a field of the dialog must not clear
    clear_->setAccessibleName(tr("Clear the cache of statistics"));
    clear_->setToolTip(tr("Statistics collected once are kept on disk for runs with other codecs. Safe to "
                          "clear: runs that need them collect them again"));
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
    update();
}

void CacheRow::update() {
    const StatisticsCache cache = StatisticsCache::ofUser();
    const std::size_t entries = cache.entries();
    usage_->setText(usageText(cache.bytes(), cache.limitBytes(), entries));
    usage_->setToolTip(QString::fromStdString(cache.folder().string()));
    clear_->setEnabled(entries > 0);
}

} // namespace planish
