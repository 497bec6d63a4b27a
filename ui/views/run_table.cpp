// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/run_table.h"

#include "dialogs/run_notes_dialog.h"
#include "icons.h"
#include "plots/csv.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QEvent>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QSettings>
#include <QTableView>
#include <QToolBar>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

namespace planish {

RunTable::RunTable(RunCollection& runs, RunSelection& selection, QWidget* parent)
    : QWidget(parent),
      runs_(runs),
      selection_(selection),
      model_(new RunTableModel(runs, this)),
      shown_(new RunFilterModel(this)),
      view_(new QTableView(this)),
      filter_(new QLineEdit(this)),
      folder_(new QComboBox(this)),
      empty_(new QLabel(view_->viewport())),
      columns_(new QMenu(tr("Columns"), this)) {
    shown_->setSourceModel(model_);
    setUpView();
    filter_->setPlaceholderText(tr("Filter runs by name, model, text…"));
    filter_->setClearButtonEnabled(true);
    filter_->setAccessibleName(tr("Filter runs"));
    connect(filter_, &QLineEdit::textChanged, shown_, &RunFilterModel::setFilterText);

    folder_->setAccessibleName(tr("Folder"));
    folder_->setToolTip(tr("Show the runs of one folder; F2 puts runs into folders"));
    folder_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    connect(folder_, &QComboBox::currentIndexChanged, this,
            [this] { shown_->setFolder(folder_->currentData().toString()); });
    connect(&runs_, &RunCollection::changed, this, &RunTable::updateFolders);
    updateFolders();

    auto* frontierOnly = new QToolButton(this);
    frontierOnly->setText(tr("Frontier only"));
    frontierOnly->setToolTip(tr("Hide runs that another run beats in both size and loss"));
    frontierOnly->setCheckable(true);
    frontierOnly->setAutoRaise(true);
    connect(frontierOnly, &QToolButton::toggled, shown_, &RunFilterModel::setFrontierOnly);
    auto* columnsButton = new QToolButton(this);
    columnsButton->setIcon(symbol(QStringLiteral("columns")));
    columnsButton->setText(tr("Columns"));
    columnsButton->setToolTip(tr("Choose the columns"));
    columnsButton->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    columnsButton->setPopupMode(QToolButton::InstantPopup);
    columnsButton->setMenu(columns_);
    columnsButton->setAutoRaise(true);

    auto* tools = new QHBoxLayout;
    tools->setContentsMargins(6, 4, 6, 4);
    tools->addWidget(filter_, 1);
    tools->addWidget(folder_);
    tools->addWidget(frontierOnly);
    tools->addWidget(columnsButton);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(tools);
    layout->addWidget(view_);

    makeActions();
    resetColumns();
    connect(view_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RunTable::giveSelection);
    connect(&selection_, &RunSelection::changed, this, &RunTable::takeSelection);
    connect(&runs_, &RunCollection::changed, this, &RunTable::takeSelection);
    for (const auto signal : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved}) {
        connect(shown_, signal, this, &RunTable::updateEmptyText);
    }
    connect(shown_, &QAbstractItemModel::modelReset, this, &RunTable::updateEmptyText);
    updateEmptyText();
    updateActions();
}

void RunTable::setUpView() {
    view_->setModel(shown_);
    view_->setSortingEnabled(true);
    view_->sortByColumn(-1, Qt::AscendingOrder);
    view_->setSelectionBehavior(QAbstractItemView::SelectRows);
    view_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    view_->setAlternatingRowColors(true);
    view_->setShowGrid(false);
    view_->setWordWrap(false);
    view_->setFrameShape(QFrame::NoFrame);
    view_->setAccessibleName(tr("Runs"));
    view_->setContextMenuPolicy(Qt::ActionsContextMenu);
    view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    view_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setTabKeyNavigation(false);
    view_->verticalHeader()->hide();
    view_->verticalHeader()->setDefaultSectionSize(view_->fontMetrics().height() + 8);
    QHeaderView* header = view_->horizontalHeader();
    header->setSectionsMovable(true);
    header->setHighlightSections(false);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    header->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(header, &QWidget::customContextMenuRequested, this,
            [this, header](const QPoint& position) { columns_->popup(header->mapToGlobal(position)); });
    view_->viewport()->installEventFilter(this);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setForegroundRole(QPalette::PlaceholderText);
    empty_->setAttribute(Qt::WA_TransparentForMouseEvents);
}

void RunTable::makeActions() {
    for (int column = 0; column < model_->columnCount(); ++column) {
        QAction* action = columns_->addAction(model_->headerData(column, Qt::Horizontal).toString());
        action->setCheckable(true);
        action->setData(column);
        connect(action, &QAction::toggled, this, [this, column](bool shown) { showColumn(column, shown); });
    }
    columns_->addSeparator();
    connect(columns_->addAction(tr("Reset columns")), &QAction::triggered, this, &RunTable::resetColumns);

    const auto make = [this](const QString& text, auto&& action) {
        auto* made = new QAction(text, this);
        connect(made, &QAction::triggered, this, action);
        view_->addAction(made);
        return made;
    };
    make(tr("Show &details"), [this] { emit detailsRequested(); });
    connect(view_, &QTableView::activated, this, &RunTable::detailsRequested);
    editCopy_ = make(tr("&Edit a copy of its recipe"), [this] {
        const int row = selection_.ids().empty() ? -1 : runs_.rowOf(*selection_.ids().begin());
        if (row >= 0) {
            emit editCopyRequested(runs_.run(row).recipe);
        }
    });
    notes_ = make(tr("&Name, tags, notes…"), [this] { askForNotes(); });
    notes_->setShortcut(QKeySequence(Qt::Key_F2));
    notes_->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    QAction* copy = make(tr("&Copy as text"), [this] { copyAsText(); });
    copy->setShortcut(QKeySequence::Copy);
    copy->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    make(tr("Copy as C&SV"), [this] { copyAsCsv(); });
    remove_ = make(tr("&Remove from the document"), [this] { emit removeRequested(selection_.ids()); });
    remove_->setShortcut(QKeySequence::Delete);
    remove_->setShortcutContext(Qt::WidgetWithChildrenShortcut);
}

void RunTable::showColumn(int column, bool shown) {
    view_->setColumnHidden(column, !shown);
    if (shown && view_->columnWidth(column) < 30) {
        view_->resizeColumnToContents(column);
    }
}

void RunTable::resetColumns() {
    QHeaderView* header = view_->horizontalHeader();
    const QFontMetrics metrics(header->font());
    constexpr int sortMarkAndMargins = 26;
    for (int column = 0; column < model_->columnCount(); ++column) {
        const bool shown =
            model_->headerData(column, Qt::Horizontal, RunTableModel::shownByDefaultRole).toBool();
        QAction* action = columns_->actions().at(column);
        action->setChecked(shown);
        showColumn(column, shown);
        header->moveSection(header->visualIndex(column), column);
        const QString title = model_->headerData(column, Qt::Horizontal).toString();
        int width = metrics.horizontalAdvance(title) + sortMarkAndMargins;
        if (column == RunTableModel::nameColumn) {
            width = std::max(width, 22 * metrics.averageCharWidth());
        } else if (title.startsWith(QStringLiteral("ΔPPL"))) {
            width = std::max(width, metrics.horizontalAdvance(QStringLiteral("+00.00 ± 0.00")) + 16);
        }
        header->resizeSection(column, width);
    }
}

std::vector<int> RunTable::shownColumns() const {
    const QHeaderView* header = view_->horizontalHeader();
    std::vector<int> columns;
    for (int visual = 0; visual < header->count(); ++visual) {
        if (const int column = header->logicalIndex(visual); !view_->isColumnHidden(column)) {
            columns.push_back(column);
        }
    }
    return columns;
}

std::vector<int> RunTable::selectedRows() const {
    std::vector<int> rows;
    for (int row = 0; row < shown_->rowCount(); ++row) {
        if (selection_.ids().empty() || view_->selectionModel()->isRowSelected(row)) {
            rows.push_back(row);
        }
    }
    return rows;
}

QByteArray RunTable::csvOf(const std::vector<int>& rows) const {
    const std::vector<int> columns = shownColumns();
    QStringList header;
    for (const int column : columns) {
        header.append(model_->headerData(column, Qt::Horizontal, RunTableModel::keyRole).toString());
    }
    QString text = csvLine(header);
    for (const int row : rows) {
        QStringList fields;
        for (const int column : columns) {
            const QVariant value = shown_->index(row, column).data(RunTableModel::sortRole);
            fields.append(value.typeId() == QMetaType::Double ? csvNumber(value.toDouble())
                                                              : value.toString());
        }
        text += csvLine(fields);
    }
    return text.toUtf8();
}

QByteArray RunTable::csv() const {
    std::vector<int> rows;
    for (int row = 0; row < shown_->rowCount(); ++row) {
        rows.push_back(row);
    }
    return csvOf(rows);
}

void RunTable::copyAsCsv() const {
    QApplication::clipboard()->setText(QString::fromUtf8(csvOf(selectedRows())));
}

void RunTable::copyAsText() const {
    const std::vector<int> columns = shownColumns();
    QStringList lines;
    QStringList fields;
    for (const int column : columns) {
        fields.append(model_->headerData(column, Qt::Horizontal).toString());
    }
    lines.append(fields.join(QLatin1Char('\t')));
    for (const int row : selectedRows()) {
        fields.clear();
        for (const int column : columns) {
            fields.append(shown_->index(row, column).data().toString());
        }
        lines.append(fields.join(QLatin1Char('\t')));
    }
    QApplication::clipboard()->setText(lines.join(QLatin1Char('\n')) + QLatin1Char('\n'));
}

void RunTable::takeSelection() {
    taking_ = true;
    QItemSelection selection;
    QModelIndex first;
    for (int row = 0; row < shown_->rowCount(); ++row) {
        const QModelIndex index = shown_->index(row, 0);
        if (selection_.contains(index.data(RunTableModel::runIdRole).toString().toStdString())) {
            selection.select(index, shown_->index(row, shown_->columnCount() - 1));
            first = first.isValid() ? first : index;
        }
    }
    view_->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    if (first.isValid() && !view_->hasFocus()) {
        view_->scrollTo(first);
    }
    taking_ = false;
    updateActions();
}

void RunTable::giveSelection() {
    if (taking_) {
        return;
    }
    RunSelection::Ids ids;
    for (const QModelIndex& index : view_->selectionModel()->selectedRows()) {
        ids.insert(index.data(RunTableModel::runIdRole).toString().toStdString());
    }
    selection_.select(std::move(ids));
    updateActions();
}

void RunTable::updateActions() {
    editCopy_->setEnabled(selection_.ids().size() == 1);
    remove_->setEnabled(!selection_.ids().empty());
    notes_->setEnabled(!selection_.ids().empty());
}

void RunTable::askForNotes() {
    auto* dialog = new RunNotesDialog(runs_, selection_.ids(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog] { emit notesEdited(dialog->notes()); });
    dialog->open();
}

void RunTable::updateFolders() {
    // Folders that only hold others can be chosen, too.
    QStringList folders;
    for (const QString& folder : runs_.folders()) {
        for (qsizetype end = folder.indexOf(QLatin1Char('/')); end >= 0;
             end = folder.indexOf(QLatin1Char('/'), end + 1)) {
            folders.append(folder.left(end));
        }
        folders.append(folder);
    }
    folders.removeDuplicates();
    folders.sort();
    QStringList shown;
    for (int i = 1; i < folder_->count(); ++i) {
        shown.append(folder_->itemData(i).toString());
    }
    if (folder_->count() > 0 && shown == folders) {
        return;
    }
    const QString current = folder_->currentData().toString();
    folder_->clear();
    folder_->addItem(tr("All folders"), QString());
    for (const QString& folder : folders) {
        folder_->addItem(folder, folder);
    }
    folder_->setCurrentIndex(std::max(0, folder_->findData(current)));
    folder_->setVisible(!folders.isEmpty());
}

void RunTable::updateEmptyText() {
    empty_->setText(runs_.count() == 0 ? tr("No runs yet. Each finished run becomes a row here.")
                                       : tr("No run matches the filter."));
    empty_->setVisible(shown_->rowCount() == 0);
}

void RunTable::save(QSettings& settings) const {
    settings.setValue(QStringLiteral("runs/columns"), view_->horizontalHeader()->saveState());
    settings.setValue(QStringLiteral("runs/columnCount"), model_->columnCount());
}

void RunTable::restore(const QSettings& settings) {
    // Another version's columns would be shown under wrong names.
    if (settings.value(QStringLiteral("runs/columnCount")).toInt() != model_->columnCount()) {
        return;
    }
    view_->horizontalHeader()->restoreState(settings.value(QStringLiteral("runs/columns")).toByteArray());
    for (int column = 0; column < model_->columnCount(); ++column) {
        columns_->actions().at(column)->setChecked(!view_->isColumnHidden(column));
    }
}

bool RunTable::eventFilter(QObject* watched, QEvent* event) {
    if (watched == view_->viewport() && event->type() == QEvent::Resize) {
        empty_->setGeometry(view_->viewport()->rect().adjusted(12, 12, -12, -12));
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace planish
