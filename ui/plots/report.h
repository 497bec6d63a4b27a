// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "plots/figure_export.h"

#include <QString>
#include <memory>
#include <vector>

namespace planish {

/// A report of runs: what was measured on what and by which rules, the frontier as a picture, the table, and
/// the command that repeats each run.
class Report {
  public:
    using Runs = std::shared_ptr<const std::vector<RunRecord>>;
    /// `title` is that of the document. Draws the pictures: for the thread of the window only.
    Report(Runs runs, QString title);

    /// Writes a page for browsers or for paper, .html or .pdf by the extension, whole or not at all. On any
    /// thread. Throws InputError for another extension, Error when the file cannot be written.
    void write(const QString& path) const;

  private:
    enum class Medium { browser, paper };
    QString html(Medium medium) const;
    void writePdf(const QString& path) const;

    Runs runs_;
    QString title_;
    std::vector<FrontierPicture> pictures_; ///< one a comparison group
};

} // namespace planish
