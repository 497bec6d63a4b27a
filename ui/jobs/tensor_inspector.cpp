// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/tensor_inspector.h"

#include "calibration/calibration_stream.h"
#include "experiment/tensor_inputs.h"
#include "model/model.h"
#include "models/codec_choices.h"

#include <QPointer>
#include <QThread>
#include <algorithm>

namespace planish {

namespace {

/// A core stays free for the window.
int backgroundThreads() {
    return std::max(1, QThread::idealThreadCount() - 1);
}

} // namespace

TensorInspector::TensorInspector(RecipeEditor& editor, TensorSelection& tensors, JobQueue& queue,
                                 QObject* parent)
    : QObject(parent), editor_(editor), tensors_(tensors), queue_(queue) {
    connect(&tensors_, &TensorSelection::changed, this, &TensorInspector::update);
    connect(&editor_, &RecipeEditor::modelChanged, this, &TensorInspector::update);
    connect(&editor_, &RecipeEditor::codecsChanged, this, [this](const std::vector<int>& changed) {
        if (std::ranges::count(changed, tensor_) > 0) {
            inspect();
        }
    });
    connect(&costTask_, &LatestTask::runningChanged, this, &TensorInspector::costsChanged);
}

void TensorInspector::setModel(const QString& place) {
    model_ = place;
    inputs_.reset();
    update();
}

void TensorInspector::setActive(bool active) {
    if (active != active_) {
        active_ = active;
        update();
    }
}

QString TensorInspector::codec() const {
    return tensor_ < 0 ? QString()
                       : QString::fromStdString(editor_.codecs()[static_cast<std::size_t>(tensor_)].name());
}

void TensorInspector::update() {
    const std::string name = tensors_.single();
    const auto found = std::ranges::find(editor_.tensors(), name, &TensorInfo::name);
    tensor_ = found == editor_.tensors().end() ? -1 : static_cast<int>(found - editor_.tensors().begin());
    emit tensorChanged();
    if (!active_ || model_.isEmpty()) {
        return;
    }
    const std::string shown = tensor_ < 0 ? std::string() : model_.toStdString() + '\n' + name;
    if (shown == shown_) {
        return;
    }
    shown_ = shown;
    inspect();
    measure();
    emit inputsChanged();
}

void TensorInspector::inspect() {
    inspection_.reset();
    problem_.clear();
    emit inspectionChanged();
    if (!active_) {
        shown_.clear(); // to be looked into again when it is shown
    }
    if (!active_ || tensor_ < 0) {
        inspectTask_.start([](JobMonitor&) -> LatestTask::Completion { return nullptr; },
                           [](const QString&) {});
        return;
    }
    inspectTask_.start(
        [this, model = model_.toStdString(), info = info(), codec = codec().toStdString(),
         inputs = inputs()](JobMonitor& monitor) -> LatestTask::Completion {
            Workers workers(backgroundThreads());
            const Model opened = Model::open(model);
            const Matrix weights = opened.read(opened.tensor(info.name));
            const TensorInspection inspection = inspectTensor(weights, Codec::parse(codec).withOwnScales(),
                                                              {workers, monitor, 0, inputs.get()});
            return [this, inspection] {
                inspection_ = inspection;
                emit inspectionChanged();
            };
        },
        [this](const QString& error) {
            problem_ = error;
            emit inspectionChanged();
        });
}

void TensorInspector::measure() {
    const int round = ++round_;
    costs_.clear();
    emit costsChanged();
    if (!active_ || tensor_ < 0) {
        costTask_.start([](JobMonitor&) -> LatestTask::Completion { return nullptr; }, [](const QString&) {});
        return;
    }
    costTask_.start(
        [this, round, model = model_.toStdString(), info = info(), now = codec().toStdString(),
         inputs = inputs()](JobMonitor& monitor) -> LatestTask::Completion {
            Workers workers(backgroundThreads());
            const Model opened = Model::open(model);
            const Matrix rows = rowsToTry(opened.read(opened.tensor(info.name)));
            std::vector<Codec> codecs = codecsToTry(info, inputs != nullptr);
            if (std::ranges::count(codecs, now, &Codec::name) == 0) {
                codecs.insert(codecs.begin(), Codec::parse(now).withOwnScales());
            }
            for (const Codec& codec : codecs) {
                monitor.throwIfCancelled();
                if (!canStore(info, codec)) {
                    continue;
                }
                try {
                    const CodecTrial cost =
                        costOf(codec, rows, info.shape, {workers, monitor, 0, inputs.get()});
                    QMetaObject::invokeMethod(
                        this, [this, round, cost] { addCost(round, cost); }, Qt::QueuedConnection);
                } catch (const Cancelled&) {
                    throw;
                } catch (const Error&) {
                    // This codec cannot store these weights: it has no cost here.
                    continue;
                }
            }
            return nullptr;
        },
        [this](const QString& error) {
            problem_ = error;
            emit inspectionChanged();
        });
}

void TensorInspector::addCost(int round, const CodecTrial& cost) {
    if (round == round_) {
        costs_.push_back(cost);
        emit costsChanged();
    }
}

TensorInspector::Site TensorInspector::site() const {
    const auto site = tensor_ < 0 ? std::nullopt : siteOf(info().role);
    return site ? Site(info().block, static_cast<int>(*site)) : Site(-1, -1);
}

bool TensorInspector::hasInputs() const {
    return tensor_ >= 0 && siteOf(info().role).has_value();
}

std::shared_ptr<const InputStatistics> TensorInspector::inputs() const {
    return inputs_ && hasInputs() && site() == inputsSite_ ? inputs_ : nullptr;
}

CalibrationSettings TensorInspector::inputSettings() {
    CalibrationSettings settings;
    settings.samples = 32;
    settings.inputs = CalibrationInputs::original;
    return settings;
}

void TensorInspector::collectInputs() {
    if (!hasInputs()) {
        return;
    }
    const QPointer<TensorInspector> self = this;
    queue_.add(
        tr("Inputs of %1").arg(QString::fromStdString(info().name)),
        [self, model = model_, info = info(), site = site()](JobMonitor& monitor) -> JobQueue::Completion {
            Workers workers;
            const auto collected = std::make_shared<const InputStatistics>(
                inputsOf(model.toStdString(), info, inputSettings(), workers, monitor));
            return [self, model, collected, site] {
                if (self && self->model_ == model) {
                    self->inputs_ = collected;
                    self->inputsSite_ = site;
                    self->inspect();
                    self->measure();
                    emit self->inputsChanged();
                }
            };
        });
}

QString TensorInspector::apply(const QString& codec) {
    if (tensor_ < 0) {
        return tr("Select one tensor in the layer panel first.");
    }
    try {
        editor_.setCodec({tensor_}, Codec::parse(codec.toStdString()));
    } catch (const Error& error) {
        return QString::fromUtf8(error.what());
    }
    return {};
}

} // namespace planish
