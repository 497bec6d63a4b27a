// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/prediction_label.h"

#include "models/recipe_text.h"

#include <QEvent>
#include <QLocale>

namespace planish {
namespace {

QString calibrate() {
    return PredictionLabel::tr(
        "Some codecs cannot do without calibration: measure sensitivities with them to "
        "know what they cost.");
}

} // namespace

PredictionLabel::PredictionLabel(QWidget* parent) : QLabel(parent) {
    setObjectName(QStringLiteral("recipePrediction"));
    setWordWrap(true);
    setTextFormat(Qt::RichText);
    setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    connect(this, &QLabel::linkActivated, this, &PredictionLabel::measureRequested);
}

void PredictionLabel::changeEvent(QEvent* event) {
    QLabel::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        const QString shown = text(); // links keep the colour of the palette they were set under
        clear();
        setText(shown);
    }
}

void PredictionLabel::showCosts(const CostTable& costs, const RecipeEditor& recipe) {
    setVisible(recipe.hasModel());
    const auto total = costs.known().total(recipe.tensors(), recipe.codecs());
    if (!total) {
        setText(tr(
            "Predicted ΔPPL: not known. <a href=\"measure\">Measure sensitivities</a> once for this model"));
        setToolTip(
            tr("Noise of known size in one tensor at a time shows what its errors cost. Then the loss of "
               "any recipe is predicted while it is edited."));
        return;
    }
    const int never = costs.unmeasurable();
    const int soon = total->unknown - never;
    if (total->unknown > 0 && total->prediction.divergence == 0) {
        setText(soon > 0 ? tr("Predicted ΔPPL: %n tensor(s) being measured…", nullptr, soon)
                         : tr("Predicted ΔPPL: not known of %n tensor(s)", nullptr, never));
        setToolTip(soon > 0 ? tr("How far each codec is from its tensor is measured once.") : calibrate());
        return;
    }
    const QLocale locale;
    const Prediction& prediction = total->prediction;
    QString text = tr("Predicted ΔPPL %1%2 ± %3 %, KL divergence %4 nats")
                       .arg(total->atMost ? QStringLiteral("≤ ") : QString(),
                            QStringLiteral("+") + locale.toString(prediction.deltaPplPercent, 'f', 2),
                            locale.toString(prediction.deltaPplErrorPercent, 'f', 2),
                            locale.toString(prediction.divergence, 'f', 4));
    if (soon > 0) {
        text = tr("%1 + %n tensor(s) being measured", nullptr, soon).arg(text);
    } else if (never > 0) {
        text = tr("%1 + %n tensor(s) not known", nullptr, never).arg(text);
    }
    setText(text);
    const SensitivityRecord& study = *costs.study();
    setToolTip(
        tr("Sum over tensors of sensitivity × squared error, measured on %1 (%2 windows of %3 tokens); on "
           "another text the same errors may cost a few tenths more or less. Corrected by the runs of this "
           "model that have been measured. ±: standard error of the sensitivities, and a tenth of the KL "
           "divergence, which is how far errors of codecs are from costing what noise costs. %4")
            .arg(fromUtf8(study.corpus))
            .arg(study.windows)
            .arg(study.context)
            .arg(never > 0       ? calibrate()
                 : total->atMost ? tr("≤: codecs that need calibration are counted with nearest rounding, "
                                      "until a study has measured them.")
                                 : QString()));
}

} // namespace planish
