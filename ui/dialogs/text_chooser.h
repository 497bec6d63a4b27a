// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QComboBox>

namespace planish {

/// A list of the bundled texts with a last entry that asks for a file.
class TextChooser final : public QComboBox {
    Q_OBJECT
  public:
    explicit TextChooser(QWidget* parent = nullptr);

    /// The text's bundled name or path, with the field of JSON lines behind a colon.
    QString nameOrPath() const { return currentData().toString(); }
    void setNameOrPath(const QString& nameOrPath);
    /// The same for what settings have kept: a file that is no longer there is left alone.
    void restore(const QString& nameOrPath);

  signals:
    void textChanged();

  private:
    void chooseFile();
    /// Asks which field of a file of JSON lines is the text, where there are several.
    QString chooseField(const QString& path);

    int last_ = 0;
};

} // namespace planish
