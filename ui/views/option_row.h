// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec_parts.h"

#include <QComboBox>
#include <QWidget>
#include <vector>

namespace planish {

class FlowLayout;

/// The options of a format or of a stage side by side, on as many lines as it takes: a tick for those that
/// are there or not, a list for the others. Shows nothing without options.
class OptionRow : public QWidget {
    Q_OBJECT

  public:
    explicit OptionRow(QWidget* parent = nullptr);

    /// Controls stay, with their focus, as long as the same options are shown.
    void show(std::vector<CodecOption> options);
    const std::vector<CodecOption>& options() const { return options_; }

  signals:
    void chosen(const planish::CodecOption& option, const std::string& word);

  private:
    void build();
    /// Makes the control of an option and lays it out.
    QWidget* addControl(std::size_t index);
    void update(std::size_t index);

    FlowLayout* layout_;
    std::vector<CodecOption> options_;
    std::vector<QWidget*> controls_; ///< QCheckBox or QComboBox, one an option
};

} // namespace planish
