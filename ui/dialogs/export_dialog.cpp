// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/export_dialog.h"

#include "models/recipe_text.h"
#include "support/text.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>
#include <memory>

namespace planish {
namespace {

QLabel* wrappedLabel(const QString& name, QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setWordWrap(true);
    label->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    // Else the layout keeps the height that the text has in a narrow column.
    label->setMinimumWidth(60 * label->fontMetrics().averageCharWidth());
    label->setAccessibleName(name);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    return label;
}

} // namespace

ExportDialog::ExportDialog(const RunSpec& spec, QWidget* parent)
    : QDialog(parent),
      spec_(spec),
      format_(new QComboBox(this)),
      promise_(wrappedLabel(tr("What is exact"), this)),
      others_(new QComboBox(this)),
      floats_(new QComboBox(this)),
      folder_(new QLineEdit(this)),
      overwrite_(new QCheckBox(tr("&Replace files that are there"), this)),
      plan_(wrappedLabel(tr("What will be written"), this)) {
    plan_->setObjectName(QStringLiteral("exportPlan"));
    setWindowTitle(tr("Export \"%1\"").arg(fromUtf8(spec.recipe.name)));
    for (const ExportFormatInfo& info : exportFormats()) {
        format_->addItem(fromUtf8(info.title), static_cast<int>(info.format));
    }
    format_->setCurrentIndex(format_->findData(static_cast<int>(ExportFormat::gguf)));
    others_->addItem(tr("as their decoded values"), static_cast<int>(OtherTensors::floats));
    others_->addItem(tr("encoded once more, in the nearest type of the format"),
                     static_cast<int>(OtherTensors::reencoded));
    others_->addItem(tr("not at all: export nothing"), static_cast<int>(OtherTensors::refused));
    for (const char* type : {"fp16", "bf16", "fp32"}) {
        floats_->addItem(QLatin1String(type));
    }
    folder_->setText(QDir::home().filePath(QStringLiteral("planish-export")));
    auto* choose = new QToolButton(this);
    choose->setText(tr("…"));
    choose->setAccessibleName(tr("Choose the folder"));
    auto* place = new QHBoxLayout;
    place->addWidget(folder_);
    place->addWidget(choose);

    auto* form = new QFormLayout;
    form->addRow(tr("&Kind of file:"), format_);
    form->addRow(QString(), promise_);
    form->addRow(tr("&Other codecs:"), others_);
    form->addRow(tr("&Values in:"), floats_);
    auto* placeLabel = new QLabel(tr("&Folder:"), this);
    placeLabel->setBuddy(folder_);
    form->addRow(placeLabel, place);
    form->addRow(QString(), overwrite_);
    form->addRow(tr("Result:"), plan_);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
    export_ = buttons->button(QDialogButtonBox::Ok);
    export_->setText(tr("&Export"));
    auto* layout = new QVBoxLayout(this);
    layout->addLayout(form);
    layout->addStretch();
    layout->addWidget(buttons);
    setMinimumSize(640, 420);

    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(choose, &QToolButton::clicked, this, &ExportDialog::chooseFolder);
    connect(folder_, &QLineEdit::textChanged, this, &ExportDialog::updateButtons);
    for (QComboBox* box : {format_, others_, floats_}) {
        connect(box, &QComboBox::currentIndexChanged, this, &ExportDialog::updatePlan);
    }
    updatePlan();
}

ExportSettings ExportDialog::settings() const {
    return {static_cast<ExportFormat>(format_->currentData().toInt()), folder_->text().toStdString(),
            overwrite_->isChecked(), floats_->isEnabled() ? floats_->currentText().toStdString() : "fp16",
            others_->isEnabled() ? static_cast<OtherTensors>(others_->currentData().toInt())
                                 : OtherTensors::floats};
}

void ExportDialog::chooseFolder() {
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Export to"), folder_->text());
    if (!folder.isEmpty()) {
        folder_->setText(folder);
    }
}

void ExportDialog::updatePlan() {
    const ExportFormatInfo& info =
        exportFormatInfo(static_cast<ExportFormat>(format_->currentData().toInt()));
    promise_->setText(fromUtf8(info.promise));
    others_->setEnabled(info.takesOthers);
    floats_->setEnabled(info.takesFloats);
    possible_ = false;
    updateButtons();
    task_.start(
        [this, spec = spec_, settings = settings()](JobMonitor&) -> LatestTask::Completion {
            const Model model = Model::open(spec.model);
            const auto codecs = resolve(spec.recipe, model.tensors(), model.config().tiedEmbedding);
            const auto plan = std::make_shared<ExportPlan>(planExport(model, codecs, settings));
            return [this, plan] { showPlan(*plan); };
        },
        [this](const QString& error) { plan_->setText(error); });
}

void ExportDialog::showPlan(const ExportPlan& plan) {
    QStringList lines{tr("%1 of tensors").arg(QString::fromStdString(formatBytes(plan.bytes())))};
    for (const std::string& note : plan.notes()) {
        lines << fromUtf8(note);
    }
    plan_->setText(lines.join(QLatin1Char('\n')));
    possible_ = true;
    updateButtons();
}

void ExportDialog::updateButtons() {
    export_->setEnabled(possible_ && !folder_->text().trimmed().isEmpty());
}

} // namespace planish
