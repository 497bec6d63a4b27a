// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/layer_filter_model.h"

#include "models/recipe_text.h"

#include <QRegularExpression>
#include <algorithm>
#include <set>

namespace planish {

namespace {

/// Words shorter than this match whole parts of a name only: "q" must not find every "q" in a word.
constexpr qsizetype shortestSubstring = 3;

bool isRoleWord(const QString& word) {
    static const std::set<QString> words = [] {
        std::set<QString> all;
        for (const Role role : allRoles) {
            all.insert(fromUtf8(roleName(role)));
            all.insert(fromUtf8(roleGroup(role)));
        }
        return all;
    }();
    return words.contains(word);
}

bool isPartOf(const QString& name, const QString& word) {
    static const QRegularExpression separators(QStringLiteral("[^a-z0-9]+"));
    return name.split(separators, Qt::SkipEmptyParts).contains(word);
}

} // namespace

LayerFilter::LayerFilter(const QString& text) {
    static const QRegularExpression blockTerm(
        QStringLiteral("\\b(?:block|layer)s?[\\s(]*(\\d{1,6})(?:\\s*[-–]\\s*(\\d{1,6}))?\\)?"));
    QString rest = text.toLower();
    for (auto match = blockTerm.match(rest); match.hasMatch(); match = blockTerm.match(rest)) {
        const int first = match.captured(1).toInt();
        blocks_.emplace_back(first, match.hasCaptured(2) ? match.captured(2).toInt() : first);
        rest.replace(match.capturedStart(), match.capturedLength(), QStringLiteral(" "));
    }
    words_ = rest.simplified().split(u' ', Qt::SkipEmptyParts);
}

bool LayerFilter::matches(const TensorInfo& tensor, const QString& codec) const {
    const QString name = fromUtf8(tensor.name).toLower();
    const bool inBlocks = std::ranges::all_of(blocks_, [&](const std::pair<int, int>& range) {
        return tensor.block >= range.first && tensor.block <= range.second;
    });
    return inBlocks && std::ranges::all_of(words_, [&](const QString& word) {
               if (isRoleWord(word)) {
                   return word == fromUtf8(roleName(tensor.role)) || word == fromUtf8(roleGroup(tensor.role));
               }
               if (word.size() < shortestSubstring) {
                   return isPartOf(name, word) || isPartOf(codec, word);
               }
               return name.contains(word) || codec.contains(word) ||
                      fromUtf8(roleName(tensor.role)).startsWith(word) ||
                      fromUtf8(roleGroup(tensor.role)).startsWith(word);
           });
}

LayerFilterModel::LayerFilterModel(LayerTreeModel* layers, QObject* parent)
    : QSortFilterProxyModel(parent), layers_(layers) {
    setRecursiveFilteringEnabled(true);
    setDynamicSortFilter(false);
    setSourceModel(layers);
}

void LayerFilterModel::setFilterText(const QString& text) {
    filter_ = LayerFilter(text);
    invalidateFilter();
}

void LayerFilterModel::refresh() {
    if (isFiltering()) {
        invalidateFilter();
    }
}

bool LayerFilterModel::matches(int tensor) const {
    const auto index = static_cast<std::size_t>(tensor);
    const RecipeEditor& source = *layers_->source();
    return filter_.isEmpty() ||
           filter_.matches(source.tensors()[index], QString::fromStdString(source.codecs()[index].name()));
}

bool LayerFilterModel::filterAcceptsRow(int sourceRow, const QModelIndex& sourceParent) const {
    if (filter_.isEmpty()) {
        return true;
    }
    const int tensor = layers_->tensorAt(layers_->index(sourceRow, 0, sourceParent));
    return tensor >= 0 && matches(tensor);
}

QList<int> LayerFilterModel::visibleTensors(const QModelIndex& group) const {
    if (!hasChildren(group)) {
        return QSortFilterProxyModel::data(group, LayerTreeModel::tensorsRole).value<QList<int>>();
    }
    QList<int> visible;
    for (int row = 0; row < rowCount(group); ++row) {
        visible += visibleTensors(index(row, 0, group));
    }
    return visible;
}

QVariant LayerFilterModel::data(const QModelIndex& index, int role) const {
    if (role != LayerTreeModel::editableTensorsRole || !isFiltering()) {
        return QSortFilterProxyModel::data(index, role);
    }
    const auto ofWholeGroup = QSortFilterProxyModel::data(index, role).value<QList<int>>();
    const QList<int> visible = visibleTensors(index.siblingAtColumn(0));
    QList<int> editable;
    std::ranges::copy_if(visible, std::back_inserter(editable),
                         [&](int tensor) { return ofWholeGroup.contains(tensor); });
    return QVariant::fromValue(editable.isEmpty() ? visible : editable);
}

bool LayerFilterModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    return role == Qt::EditRole && (flags(index) & Qt::ItemIsEditable) &&
           layers_->setCodec(editableTensors({index}), value.toString());
}

std::vector<int> LayerFilterModel::editableTensors(const QModelIndexList& rows) const {
    std::set<int> tensors;
    for (const QModelIndex& row : rows) {
        const auto ofRow = row.data(LayerTreeModel::editableTensorsRole).value<QList<int>>();
        tensors.insert(ofRow.begin(), ofRow.end());
    }
    return {tensors.begin(), tensors.end()};
}

} // namespace planish
