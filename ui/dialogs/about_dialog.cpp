// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/about_dialog.h"

#include "icons.h"
#include "support/system.h"

#include <QCoreApplication>
#include <QMessageBox>

namespace planish {

void showAboutDialog(QWidget* parent) {
    auto* box = new QMessageBox(parent);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setWindowTitle(QCoreApplication::translate("AboutDialog", "About Planish"));
    box->setIconPixmap(applicationIcon().pixmap(QSize(64, 64), parent->devicePixelRatioF()));
    box->setText(QStringLiteral("<h3>%1</h3>").arg(QString::fromStdString(applicationVersion())));
    box->setInformativeText(
        QCoreApplication::translate("AboutDialog", "<p>A workbench for shrinking language models: choose how "
                                                   "each tensor is stored, run, and see what it "
                                                   "costs.</p><p>Free software under the GNU General Public "
                                                   "License, version 3 or later. It comes without "
                                                   "any warranty.</p><p>Built on Qt, QCustomPlot, oneTBB, "
                                                   "Eigen, OpenBLAS, Highway, HDF5, PCRE2, OpenSSL, "
                                                   "nlohmann-json and fmt.</p>"));
    box->open();
}

} // namespace planish
