// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "model/tensor_info.h"
#include "recipe/recipe.h"

#include <QObject>
#include <QString>
#include <QUndoStack>
#include <map>
#include <vector>

namespace planish {

/// The recipe being edited: which model, which codec each of its tensors has, and the undo history. Lives on
/// the UI thread; everything here is arithmetic on shapes, no weight is read.
class RecipeEditor : public QObject {
    Q_OBJECT

  public:
    explicit RecipeEditor(QObject* parent = nullptr);

    /// Another model to edit a recipe for: every decoder linear starts in int4:g64, the rest in bf16, and the
    /// history is empty. No tensors: no model.
    void setModel(QString modelName, std::vector<TensorInfo> tensors, bool tiedEmbedding);
    bool hasModel() const { return !tensors_.empty(); }
    const QString& modelName() const { return modelName_; }
    const std::vector<TensorInfo>& tensors() const { return tensors_; }
    bool tiedEmbedding() const { return tiedEmbedding_; }

    /// One per tensor, in the order of tensors().
    const std::vector<Codec>& codecs() const { return codecs_; }
    /// The shortest recipe that gives these codecs, under the present name.
    Recipe recipe() const;
    const QString& name() const { return name_; }
    /// Exact packed size of the present codecs; zero without a model.
    RecipeSize size() const;

    /// Takes over all codecs and the name of a recipe, as one undoable step. Throws InputError when the
    /// recipe does not fit the model.
    void setRecipe(const Recipe& recipe, const QString& undoText);
    /// One codec for some tensors (indices into tensors()), as one undoable step; a further edit of the same
    /// tensors joins it. Those that cannot be stored so (see canStore) keep theirs; throws InputError when no
    /// other is left. The recipe is then named after its codecs.
    void setCodec(const std::vector<int>& tensorIndices, const Codec& codec);
    /// A codec for each of some tensors (by index), as one undoable step; otherwise as setCodec.
    void setCodecs(const std::map<int, Codec>& codecs, const QString& undoText);
    /// Undoable. A name that was given stays until the codecs change.
    void setName(const QString& name);

    QUndoStack* undoStack() { return &undoStack_; }

  signals:
    void modelChanged();
    void codecsChanged(const std::vector<int>& tensorIndices);
    void nameChanged(const QString& name);

  private:
    class Edit;
    /// The codecs of some tensors and the name, as one moment of the history knows them.
    struct Snapshot {
        std::vector<Codec> codecs;
        QString name;
    };
    void apply(const std::vector<int>& tensorIndices, const Snapshot& snapshot);
    void push(const std::vector<int>& tensorIndices, Snapshot after, const QString& text, bool mergeable);
    Snapshot snapshot(const std::vector<int>& tensorIndices) const;
    QString nameAfter(const std::vector<int>& tensorIndices, const std::vector<Codec>& codecs) const;
    /// Those tensors that can be stored so get their codec, if that changes any; the number of those that
    /// can.
    std::size_t assign(const std::map<int, Codec>& codecs, const QString& undoText, bool mergeable);

    QString modelName_;
    std::vector<TensorInfo> tensors_;
    bool tiedEmbedding_ = false;
    std::vector<Codec> codecs_;
    QString name_;
    QUndoStack undoStack_;
};

} // namespace planish
