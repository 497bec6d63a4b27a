// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/text_chooser.h"

#include "evaluation/corpus.h"
#include "evaluation/text_form.h"

#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QInputDialog>
#include <algorithm>

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
    const QString path =
        QFileDialog::getOpenFileName(window()->isWindow() ? window()->parentWidget() : this, tr("Open text"),
                                     {}, tr("Text (*.txt *.raw *.jsonl);;All files (*)"));
    if (path.isEmpty()) {
        return;
    }
    const QString field = path.endsWith(QStringLiteral(".jsonl")) ? chooseField(path) : QString();
    setNameOrPath(field.isEmpty() ? path : path + u':' + field);
}

QString TextChooser::chooseField(const QString& path) {
    constexpr qint64 enough = 1 << 20; // of the first line, to see its fields
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        return {}; // which opening it as a text explains
    }
    const QByteArray line = file.readLine(enough);
    QStringList fields;
    for (const std::string& field : textFields({line.constData(), static_cast<std::size_t>(line.size())})) {
        fields.append(QString::fromStdString(field));
    }
    const qsizetype usual = fields.indexOf(QString::fromLatin1(usualField));
    if (fields.size() < 2) {
        return fields.isEmpty() ? QString() : fields.front();
    }
    bool chosen = false;
    const QString field =
        QInputDialog::getItem(parentWidget(), tr("Open text"), tr("Field of the lines with the text"), fields,
                              static_cast<int>(std::max<qsizetype>(usual, 0)), false, &chosen);
    return chosen ? field : fields.at(std::max<qsizetype>(usual, 0));
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
    const QString path = QString::fromStdString(TextReference::parse(nameOrPath.toStdString()).path);
    if (findData(nameOrPath) >= 0 || QFileInfo(path).isFile()) {
        setNameOrPath(nameOrPath);
    }
}

} // namespace planish
