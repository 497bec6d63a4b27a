// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/recipe_text.h"

#include "support/text.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>
#include <algorithm>

namespace planish {

namespace {

struct RecipeText {
    Q_DECLARE_TR_FUNCTIONS(planish::RecipeText)
};

/// A recipe of more parts than this is called after its size, as nobody reads a longer name.
constexpr qsizetype partsInName = 3;

QString shortName(const TensorInfo& tensor) {
    return fromUtf8(tensor.name).section(u'.', tensor.role == Role::bias ? -2 : -1);
}

QString groupTitle(std::string_view group) {
    return group == "mlp" ? QStringLiteral("MLP") : fromUtf8(group);
}

QString times(double factor) {
    return RecipeText::tr("%1x").arg(QLocale().toString(factor, 'f', 1));
}

} // namespace

QString fromUtf8(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QString bitsText(double bitsPerWeight) {
    return QLocale().toString(bitsPerWeight, 'f', 2);
}

QString sizeText(const RecipeSize& size) {
    QStringList parts;
    if (size.decoderWeights > 0) {
        parts += RecipeText::tr("%1 (%2 bits/weight)")
                     .arg(times(size.compression()), bitsText(size.bitsPerWeight()));
    }
    if (size.totalWeights > 0) {
        parts += RecipeText::tr("whole model %1 fp32 / %2 bf16")
                     .arg(times(size.wholeModelCompressionFp32()), times(size.wholeModelCompressionBf16()));
        parts += fromUtf8(formatBytes(size.totalBytes));
    }
    return parts.join(QStringLiteral(" · "));
}

QString describeTensors(std::span<const TensorInfo> tensors, const std::vector<int>& tensorIndices) {
    const auto at = [&](int index) -> const TensorInfo& { return tensors[static_cast<std::size_t>(index)]; };
    if (tensorIndices.size() == 1) {
        const TensorInfo& tensor = at(tensorIndices.front());
        return tensor.block < 0
                   ? shortName(tensor)
                   : RecipeText::tr("block %1 %2").arg(QString::number(tensor.block), shortName(tensor));
    }
    const auto agree = [&](auto&& property) {
        return std::ranges::all_of(tensorIndices, [&](int index) {
            return property(at(index)) == property(at(tensorIndices.front()));
        });
    };
    const QString count = QString::number(tensorIndices.size());
    if (!tensorIndices.empty() && agree([](const TensorInfo& tensor) { return roleGroup(tensor.role); })) {
        const Role role = at(tensorIndices.front()).role;
        const bool sameRole = agree([](const TensorInfo& tensor) { return tensor.role; });
        return RecipeText::tr("%1 %2 tensors")
            .arg(count, groupTitle(sameRole ? roleName(role) : roleGroup(role)));
    }
    return RecipeText::tr("%1 tensors").arg(count);
}

QString recipeName(const Recipe& recipe, const RecipeSize& size) {
    const auto codecOf = [&](std::string_view match) {
        const auto rule = std::ranges::find(recipe.rules, match, &RecipeRule::match);
        return rule == recipe.rules.end() ? std::string() : rule->codec;
    };
    const bool uniform = !codecOf("mlp").empty() && codecOf("mlp") == codecOf("attention");
    QStringList parts;
    for (const RecipeRule& rule : recipe.rules) {
        const QString codec = fromUtf8(rule.codec);
        if (!uniform || (rule.match != "mlp" && rule.match != "attention")) {
            parts += QStringLiteral("%1 %2").arg(fromUtf8(rule.match), codec);
        } else if (rule.match == "attention") {
            parts.prepend(codec);
        }
    }
    if (parts.size() > partsInName) {
        return RecipeText::tr("mixed, %1 bpw")
            .arg(bitsText(size.decoderWeights > 0 ? size.bitsPerWeight() : 0));
    }
    return parts.isEmpty() ? fromUtf8(recipe.defaultCodec) : parts.join(QStringLiteral(", "));
}

} // namespace planish
