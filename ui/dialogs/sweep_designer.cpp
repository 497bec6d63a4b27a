// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/sweep_designer.h"

#include "support/file.h"
#include "support/text.h"
#include "views/notice_bar.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>
#include <algorithm>

namespace planish {

namespace {

constexpr int shownRecipes = 500;

std::vector<std::string> codecsIn(const QString& text) {
    std::vector<std::string> codecs;
    for (const QString& codec : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
        if (!codec.trimmed().isEmpty()) {
            codecs.push_back(codec.trimmed().toStdString());
        }
    }
    return codecs;
}

QString sweepFiles() {
    return SweepDesigner::tr("Sweeps (*.json)");
}

} // namespace

/// Models, texts and measured speeds that estimates share.
class SweepDesigner::Service {
  public:
    RunExecutor& executor() { return executor_; }

  private:
    Workers workers_;
    RunExecutor executor_{workers_};
};

SweepDesigner::SweepDesigner(Subject subject, QWidget* parent)
    : QDialog(parent),
      subject_(std::move(subject)),
      method_(new QComboBox(this)),
      count_(new QSpinBox(this)),
      seed_(new QSpinBox(this)),
      recipes_(new QListWidget(this)),
      subjectLabel_(new QLabel(this)),
      estimateLabel_(new QLabel(this)),
      problem_(new NoticeBar(NoticeBar::Kind::problem, this)),
      service_(std::make_shared<Service>()) {
    setWindowTitle(tr("Design a sweep"));
    subjectLabel_->setWordWrap(true);
    estimateLabel_->setWordWrap(true);
    estimateLabel_->setObjectName(QStringLiteral("sweepEstimate"));
    recipes_->setAccessibleName(tr("Recipes of the sweep"));
    recipes_->setUniformItemSizes(true);
    auto* form = new QFormLayout;
    makeForm(*form);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(subjectLabel_);
    layout->addLayout(form);
    layout->addWidget(problem_);
    layout->addWidget(recipes_, 1);
    layout->addWidget(estimateLabel_);
    makeButtons();
    resize(fontMetrics().averageCharWidth() * 92, fontMetrics().height() * 34);
    constexpr int milliseconds = 250;
    delay_.setSingleShot(true);
    delay_.setInterval(milliseconds);
    connect(&delay_, &QTimer::timeout, this, &SweepDesigner::estimate);
    update();
}

SweepDesigner::~SweepDesigner() = default;

void SweepDesigner::makeForm(QFormLayout& form) {
    const auto add = [&](const char* role, const QString& label, const QString& codecs) {
        auto* edit = new QLineEdit(codecs, this);
        edit->setPlaceholderText(tr("codecs separated by commas; none: stays in bf16"));
        edit->setToolTip(tr("Codecs to choose between, such as int4:g64, int3:g64+mse"));
        edit->setClearButtonEnabled(true);
        edit->setObjectName(QString::fromLatin1(role));
        form.addRow(label, edit);
        codecs_.emplace_back(role, edit);
        connect(edit, &QLineEdit::textChanged, this, &SweepDesigner::update);
    };
    add("attention", tr("&Attention"), QStringLiteral("int4:g64, int3:g64"));
    add("mlp", tr("&MLP"), QStringLiteral("int4:g64, int3:g64"));
    add("embedding", tr("&Embedding"), QString());
    if (subject_.untiedHead) {
        add("head", tr("&Head"), QString());
    }
    method_->addItem(tr("Every combination"), static_cast<int>(SweepDesign::Method::grid));
    method_->addItem(tr("Random mixes, drawn block by block"), static_cast<int>(SweepDesign::Method::random));
    method_->addItem(tr("Around the frontier: recorded runs with one role changed"),
                     static_cast<int>(SweepDesign::Method::frontier));
    form.addRow(tr("&Combine"), method_);
    count_->setRange(1, static_cast<int>(largestSweep));
    count_->setValue(20);
    form.addRow(tr("At most so man&y"), count_);
    seed_->setRange(0, 1 << 30);
    seed_->setToolTip(tr("The same seed draws the same mixes"));
    form.addRow(tr("See&d"), seed_);
    connect(method_, &QComboBox::currentIndexChanged, this, &SweepDesigner::update);
    connect(count_, &QSpinBox::valueChanged, this, &SweepDesigner::update);
    connect(seed_, &QSpinBox::valueChanged, this, &SweepDesigner::update);
}

void SweepDesigner::makeButtons() {
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    start_ = buttons->addButton(tr("Put into the &queue"), QDialogButtonBox::AcceptRole);
    save_ = buttons->addButton(tr("&Save…"), QDialogButtonBox::ActionRole);
    QPushButton* load = buttons->addButton(tr("&Load…"), QDialogButtonBox::ActionRole);
    save_->setToolTip(tr("As the file that planish-cli sweep runs"));
    start_->setDefault(true);
    connect(save_, &QPushButton::clicked, this, &SweepDesigner::askForFileToSave);
    connect(load, &QPushButton::clicked, this, &SweepDesigner::askForFileToLoad);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::accepted, this, [this] {
        emit startRequested(sweep_->runs);
        accept();
    });
    layout()->addWidget(buttons);
}

SweepDesign SweepDesigner::design() const {
    SweepDesign design;
    design.method = static_cast<SweepDesign::Method>(method_->currentData().toInt());
    for (const auto& [role, edit] : codecs_) {
        design.choices.push_back({role, codecsIn(edit->text())});
    }
    design.count = static_cast<std::size_t>(count_->value());
    design.seed = static_cast<std::uint64_t>(seed_->value());
    design.blocks = subject_.blocks;
    return design;
}

void SweepDesigner::update() {
    problem_->hide();
    count_->setEnabled(design().method != SweepDesign::Method::grid);
    seed_->setEnabled(design().method == SweepDesign::Method::random);
    take(nullptr);
    designing_.start(
        [this, design = design(), subject = subject_](JobMonitor&) -> LatestTask::Completion {
            std::vector<RunRecord> recorded;
            if (subject.recorded) {
                std::ranges::copy_if(*subject.recorded, std::back_inserter(recorded),
                                     [&](const RunRecord& run) { return run.model == subject.modelName; });
            }
            SweepSpec spec = subject.spec;
            spec.recipes = designRecipes(design, recorded);
            return [this, sweep = made(std::move(spec), false)] { take(sweep); };
        },
        [this](const QString& error) {
            problem_->showText(error);
            recipes_->clear();
            estimateLabel_->setText(tr("No runs."));
        });
}

std::shared_ptr<const SweepDesigner::Sweep> SweepDesigner::made(SweepSpec spec, bool loaded) {
    auto sweep = std::make_shared<Sweep>();
    sweep->runs = spec.runs();
    for (const Recipe& recipe : spec.recipes) {
        if (sweep->names.size() == shownRecipes) {
            sweep->names.append(
                tr("… and %n more", nullptr, static_cast<int>(spec.recipes.size()) - shownRecipes));
            break;
        }
        sweep->names.append(QString::fromStdString(recipe.name));
    }
    sweep->spec = std::move(spec);
    sweep->loaded = loaded;
    return sweep;
}

void SweepDesigner::take(std::shared_ptr<const Sweep> sweep) {
    sweep_ = std::move(sweep);
    start_->setEnabled(sweep_ != nullptr);
    save_->setEnabled(sweep_ != nullptr);
    showSubject();
    if (sweep_ == nullptr) {
        delay_.stop();
        return;
    }
    recipes_->clear();
    recipes_->addItems(sweep_->names);
    estimateLabel_->setText(
        tr("%n run(s); estimating what they take…", nullptr, static_cast<int>(sweep_->runs.size())));
    delay_.start();
}

void SweepDesigner::showSubject() {
    const SweepSpec& spec = sweep_ ? sweep_->spec : subject_.spec;
    const auto fileNames = [](const std::vector<std::string>& items) {
        QStringList list;
        for (const std::string& item : items) {
            list.append(QFileInfo(QString::fromStdString(item)).fileName());
        }
        return list.join(QStringLiteral(", "));
    };
    const std::string_view convention = conventionName(spec.evaluation.convention);
    subjectLabel_->setText(
        tr("On %1, evaluated on %2 (%3, context %4, %5 windows).%6")
            .arg(fileNames(spec.models), fileNames(spec.corpora),
                 QString::fromUtf8(convention.data(), static_cast<qsizetype>(convention.size())))
            .arg(spec.evaluation.context)
            .arg(spec.evaluation.windows == 0 ? tr("all") : QString::number(spec.evaluation.windows))
            .arg(sweep_ && sweep_->loaded ? tr(" As in the file; any change above designs a new one.")
                                          : tr(" The tool bar of the window sets this.")));
}

void SweepDesigner::estimate() {
    estimating_.start(
        [this, sweep = sweep_, service = service_](JobMonitor& monitor) -> LatestTask::Completion {
            const SweepEstimate estimate = estimateSweep(sweep->runs, service->executor(), monitor);
            return [this, sweep, estimate] {
                if (sweep != sweep_) {
                    return; // the choices are others by now
                }
                estimateLabel_->setText(tr("%n run(s): about %1, at most %2 of memory, %3 on disk. Runs that "
                                           "are recorded already are "
                                           "not repeated; what runs share makes them faster.",
                                           nullptr, static_cast<int>(estimate.runs))
                                            .arg(QString::fromStdString(formatSeconds(estimate.seconds)),
                                                 QString::fromStdString(formatBytes(
                                                     static_cast<std::uint64_t>(estimate.memoryBytes))),
                                                 QString::fromStdString(formatBytes(estimate.diskBytes))));
            };
        },
        [this](const QString& error) { estimateLabel_->setText(tr("Cannot run: %1").arg(error)); });
}

void SweepDesigner::load(const QString& path) {
    problem_->hide();
    designing_.start(
        [this, file = path.toStdString()](JobMonitor&) -> LatestTask::Completion {
            return [this, sweep = made(SweepSpec::fromFile(file), true)] { take(sweep); };
        },
        [this](const QString& error) { problem_->showText(error); });
}

void SweepDesigner::save(const QString& path) {
    problem_->hide();
    try {
        SweepSpec spec = sweep_->spec;
        spec.name = QFileInfo(path).completeBaseName().toStdString();
        replaceFile(path.toStdString(), spec.toJson().dump(2) + "\n");
    } catch (const Error& error) {
        problem_->showText(QString::fromUtf8(error.what()));
    }
}

void SweepDesigner::askForFileToLoad() {
    auto* dialog = new QFileDialog(this, tr("Load a sweep"), QString(), sweepFiles());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, &SweepDesigner::load);
    dialog->open();
}

void SweepDesigner::askForFileToSave() {
    auto* dialog = new QFileDialog(this, tr("Save the sweep"), QString(), sweepFiles());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("json"));
    dialog->selectFile(QStringLiteral("sweep.json"));
    connect(dialog, &QFileDialog::fileSelected, this, &SweepDesigner::save);
    dialog->open();
}

} // namespace planish
