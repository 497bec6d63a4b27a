// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/run_filter_model.h"
#include "models/run_selection.h"
#include "models/run_table_model.h"

#include <QWidget>
#include <set>
#include <string>

class QAction;
class QComboBox;
class QLabel;
class QLineEdit;
class QMenu;
class QSettings;
class QTableView;

namespace planish {

/// The runs as a table: sorted, filtered, with the columns the user chose; its selection is the shared one.
class RunTable final : public QWidget {
    Q_OBJECT
  public:
    RunTable(RunCollection& runs, RunSelection& selection, QWidget* parent = nullptr);

    QTableView* view() const { return view_; }
    QLineEdit* filter() const { return filter_; }
    /// Shows only runs that pass; `brushes` must outlive this.
    void setBrushes(const RunBrushes& brushes) { shown_->setBrushes(runs_, brushes); }
    /// The menu that shows and hides columns.
    QMenu* columnsMenu() const { return columns_; }
    /// Asks what is to be written on the selected runs.
    QAction* notesAction() const { return notes_; }

    /// The shown rows and columns with values in full precision; the header line has the outside names.
    QByteArray csv() const;
    /// Copies the selected rows (all when none is selected) as they are shown, separated by tabs.
    void copyAsText() const;
    /// Copies them as CSV.
    void copyAsCsv() const;

    void restore(const QSettings& settings);
    void save(QSettings& settings) const;
    void resetColumns();

  signals:
    void editCopyRequested(const Recipe& recipe);
    /// The selected run is wanted in full.
    void detailsRequested();
    void removeRequested(const std::set<std::string>& ids);
    void notesEdited(const std::map<std::string, RunNotes>& notes);

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void setUpView();
    void makeActions();
    void showColumn(int column, bool shown);
    void updateActions();
    void updateEmptyText();
    void updateFolders();
    void askForNotes();
    void takeSelection();
    void giveSelection();
    std::vector<int> shownColumns() const;
    /// Proxy rows in their shown order.
    std::vector<int> selectedRows() const;
    QByteArray csvOf(const std::vector<int>& rows) const;

    RunCollection& runs_;
    RunSelection& selection_;
    RunTableModel* model_;
    RunFilterModel* shown_;
    QTableView* view_;
    QLineEdit* filter_;
    QComboBox* folder_;
    QLabel* empty_;
    QMenu* columns_;
    QAction* editCopy_ = nullptr;
    QAction* notes_ = nullptr;
    QAction* remove_ = nullptr;
    bool taking_ = false; ///< the view's selection is being set from the shared one
};

} // namespace planish
