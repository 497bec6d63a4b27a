// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/recipe_editor.h"

#include "models/codec_choices.h"
#include "models/recipe_text.h"
#include "support/error.h"

#include <QUndoCommand>
#include <algorithm>
#include <numeric>
#include <utility>

namespace planish {

namespace {

constexpr std::string_view startCodec = "int4:g64";
} // namespace

/// One step of the history. It is applied when pushed; a following edit of the same tensors replaces its end
/// state, so that trying codecs one after another is one step back.
class RecipeEditor::Edit : public QUndoCommand {
  public:
    Edit(RecipeEditor& editor, std::vector<int> indices, Snapshot after, const QString& text, bool mergeable)
        : QUndoCommand(text),
          editor_(editor),
          indices_(std::move(indices)),
          before_(editor.snapshot(indices_)),
          after_(std::move(after)),
          mergeable_(mergeable) {}

    void redo() override { editor_.apply(indices_, after_); }
    void undo() override { editor_.apply(indices_, before_); }
    int id() const override { return mergeable_ ? 1 : -1; }

    bool mergeWith(const QUndoCommand* other) override {
        const auto* edit = dynamic_cast<const Edit*>(other);
        if (!edit || edit->indices_ != indices_) {
            return false;
        }
        after_ = edit->after_;
        setText(edit->text());
        if (std::ranges::equal(before_.codecs, after_.codecs, {}, &Codec::name, &Codec::name)) {
            editor_.apply({}, {{}, before_.name});
            setObsolete(true);
        }
        return true;
    }

  private:
    RecipeEditor& editor_;
    std::vector<int> indices_;
    Snapshot before_;
    Snapshot after_;
    bool mergeable_;
};

RecipeEditor::RecipeEditor(QObject* parent) : QObject(parent) {}

void RecipeEditor::setModel(QString modelName, std::vector<TensorInfo> tensors, bool tiedEmbedding) {
    const Recipe start = Recipe::uniform(startCodec);
    std::vector<Codec> codecs;
    if (!tensors.empty()) {
        codecs = resolve(start, tensors, tiedEmbedding);
    }
    undoStack_.clear();
    modelName_ = std::move(modelName);
    tensors_ = std::move(tensors);
    tiedEmbedding_ = tiedEmbedding;
    codecs_ = std::move(codecs);
    name_ = hasModel() ? QString::fromStdString(start.name) : QString();
    emit modelChanged();
    emit nameChanged(name_);
}

Recipe RecipeEditor::recipe() const {
    if (!hasModel()) {
        return {};
    }
    Recipe recipe = recipeFor(codecs_, tensors_, tiedEmbedding_);
    recipe.name = name_.toStdString();
    return recipe;
}

RecipeSize RecipeEditor::size() const {
    return recipeSize(codecs_, tensors_);
}

void RecipeEditor::setRecipe(const Recipe& recipe, const QString& undoText) {
    if (!hasModel()) {
        throw InputError(tr("Open a model before a recipe").toStdString());
    }
    std::vector<Codec> codecs = resolve(recipe, tensors_, tiedEmbedding_);
    std::vector<int> changed;
    Snapshot after{{}, QString::fromStdString(recipe.name)};
    for (std::size_t index = 0; index < codecs.size(); ++index) {
        if (codecs[index].name() != codecs_[index].name()) {
            changed.push_back(static_cast<int>(index));
            after.codecs.push_back(codecs[index]);
        }
    }
    if (!changed.empty() || after.name != name_) {
        push(changed, std::move(after), undoText, false);
    }
}

void RecipeEditor::setCodec(const std::vector<int>& tensorIndices, const Codec& codec) {
    std::map<int, Codec> codecs;
    std::vector<int> storable;
    for (const int index : tensorIndices) {
        if (codecs.emplace(index, codec).second &&
            canStore(tensors_.at(static_cast<std::size_t>(index)), codec)) {
            storable.push_back(index);
        }
    }
    std::ranges::sort(storable);
    const QString text =
        tr("Set %1 to %2").arg(describeTensors(tensors_, storable), QString::fromStdString(codec.name()));
    if (assign(codecs, text, true) == 0) {
        const bool floats = std::ranges::all_of(tensorIndices, [&](int index) {
            return storesFloatsOnly(tensors_[static_cast<std::size_t>(index)]);
        });
        throw InputError((floats ? tr("Norms and biases are stored in fp32, bf16 or fp16 only, not in %1")
                                 : tr("An embedding reads token ids, which %1 cannot be calibrated on"))
                             .arg(QString::fromStdString(codec.name()))
                             .toStdString());
    }
}

void RecipeEditor::setCodecs(const std::map<int, Codec>& codecs, const QString& undoText) {
    if (assign(codecs, undoText, false) == 0) {
        throw InputError(tr("None of these layers can be stored so").toStdString());
    }
}

std::size_t RecipeEditor::assign(const std::map<int, Codec>& codecs, const QString& undoText,
                                 bool mergeable) {
    std::vector<int> indices;
    std::vector<Codec> stored;
    bool changes = false;
    for (const auto& [index, codec] : codecs) {
        const TensorInfo& tensor = tensors_.at(static_cast<std::size_t>(index));
        if (canStore(tensor, codec)) {
            indices.push_back(index);
            stored.push_back(codecFor(codec, tensor));
            changes = changes || codecs_[static_cast<std::size_t>(index)].name() != stored.back().name();
        }
    }
    if (changes) {
        Snapshot after{stored, nameAfter(indices, stored)};
        push(indices, std::move(after), undoText, mergeable);
    }
    return indices.size();
}

void RecipeEditor::setName(const QString& name) {
    const QString trimmed = name.trimmed();
    if (hasModel() && !trimmed.isEmpty() && trimmed != name_) {
        push({}, {{}, trimmed}, tr("Name the recipe \"%1\"").arg(trimmed), false);
    }
}

void RecipeEditor::push(const std::vector<int>& tensorIndices, Snapshot after, const QString& text,
                        bool mergeable) {
    undoStack_.push(
        std::make_unique<Edit>(*this, tensorIndices, std::move(after), text, mergeable).release());
}

RecipeEditor::Snapshot RecipeEditor::snapshot(const std::vector<int>& tensorIndices) const {
    Snapshot snapshot{{}, name_};
    for (int index : tensorIndices) {
        snapshot.codecs.push_back(codecs_[static_cast<std::size_t>(index)]);
    }
    return snapshot;
}

void RecipeEditor::apply(const std::vector<int>& tensorIndices, const Snapshot& snapshot) {
    for (std::size_t position = 0; position < tensorIndices.size(); ++position) {
        codecs_[static_cast<std::size_t>(tensorIndices[position])] = snapshot.codecs[position];
    }
    if (!tensorIndices.empty()) {
        emit codecsChanged(tensorIndices);
    }
    if (name_ != snapshot.name) {
        name_ = snapshot.name;
        emit nameChanged(name_);
    }
}

QString RecipeEditor::nameAfter(const std::vector<int>& tensorIndices,
                                const std::vector<Codec>& codecs) const {
    std::vector<Codec> all = codecs_;
    for (std::size_t i = 0; i < tensorIndices.size(); ++i) {
        all[static_cast<std::size_t>(tensorIndices[i])] = codecs[i];
    }
    return recipeName(recipeFor(all, tensors_, tiedEmbedding_), recipeSize(all, tensors_));
}

} // namespace planish
