// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "codec/codec_parts.h"
#include "models/codec_targets.h"

#include <QDialog>
#include <optional>
#include <vector>

class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QMenu;
class QPushButton;
class QVBoxLayout;

namespace planish {

class CorrectionRow;
class MemberNote;
class NoticeBar;
class OptionRow;

/// A codec as its four choices, each with what it does and where it comes from; only what is valid can be
/// chosen. Codec string, exact bits per weight and size follow at once, and the string can be typed too.
class CodecDialog : public QDialog {
    Q_OBJECT

  public:
    explicit CodecDialog(CodecTargets targets, QWidget* parent = nullptr);

    /// The canonical codec string; empty while the input is none.
    QString codec() const;

  private:
    void buildTop(QVBoxLayout* layout);
    void buildFormat(QFormLayout* form);
    /// The field of a transform or a rounding, of which there is one at most.
    struct StageField {
        Choice choice = Choice::transform;
        QString none; ///< what it means to choose none
        QComboBox* list = nullptr;
        OptionRow* options = nullptr;
        MemberNote* note = nullptr;
    };
    StageField buildStageField(QFormLayout* form, const QString& label, Choice choice, const QString& none);
    void buildCorrections(QFormLayout* form);
    void buildButtons(QVBoxLayout* layout);

    void takeText(const QString& text);
    void take(CodecSpec spec);
    /// Takes the codec with a stage; what the parser objects to is shown.
    void takeStage(const StageSpec& stage);
    void chooseFormat(int row);
    void chooseStage(Choice choice, int row);
    void composeNested(const StageSpec& stage);

    void refresh();
    void refreshFormat();
    void refreshStageField(const StageField& field);
    void refreshCorrections();
    void makeCorrectionRows(const std::vector<const StageSpec*>& corrections);
    void refreshCost();
    void showError(const QString& error);

    CodecTargets targets_;
    CodecSpec spec_;
    std::optional<Codec> codec_; ///< of spec_; empty when what is typed is no codec
    QLineEdit* text_ = nullptr;
    NoticeBar* error_ = nullptr;
    QLabel* cost_ = nullptr;
    QComboBox* format_ = nullptr;
    QComboBox* bits_ = nullptr;
    QLabel* bitsLabel_ = nullptr;
    OptionRow* formatOptions_ = nullptr;
    MemberNote* formatNote_ = nullptr;
    StageField transform_;
    StageField rounding_;
    QVBoxLayout* corrections_ = nullptr;
    std::vector<CorrectionRow*> correctionRows_;
    QPushButton* addCorrection_ = nullptr;
    QMenu* correctionMenu_ = nullptr;
    QPushButton* apply_ = nullptr;
};

} // namespace planish
