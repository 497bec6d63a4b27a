// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/text_chooser.h"

#include "evaluation/corpus.h"

#include <QFileDialog>
#include <QFileInfo>

namespace planish {

TextChooser::TextChooser(QWidget* parent) : QComboBox(parent) {
    for (const std::string& name : bundledCorpora()) {
        addItem(QString::fromStdString(name), QString::fromStdString(name));
    }
    addItem(tr("A file…"));
    setSizeAdjustPolicy(AdjustToContents);
    connect(this, &QComboBox::activated, this, [this](int index) {
        if (!itemData(index).isValid()) {
            setCurrentIndex(last_);
            chooseFile();
        }
        last_ = currentIndex();
        emit textChanged();
    });
}

void TextChooser::chooseFile() {
    // Of the main window, as the list may stand in a popup, which closes now.
    const QString path = QFileDialog::getOpenFileName(window()->isWindow() ? window()->parentWidget() : this,
                                                      tr("Open text"), {}, tr("Text (*.txt);;All files (*)"));
    if (!path.isEmpty()) {
        setNameOrPath(path);
    }
}

void TextChooser::setNameOrPath(const QString& nameOrPath) {
    int index = findData(nameOrPath);
    if (index < 0) {
        index = count() - 1;
        insertItem(index, QFileInfo(nameOrPath).fileName(), nameOrPath);
        setItemData(index, nameOrPath, Qt::ToolTipRole);
    }
    setCurrentIndex(index);
    last_ = index;
}

void TextChooser::restore(const QString& nameOrPath) {
    if (findData(nameOrPath) >= 0 || QFileInfo(nameOrPath).isFile()) {
        setNameOrPath(nameOrPath);
    }
}

} // namespace planish
