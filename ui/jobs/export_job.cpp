// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/export_job.h"

#include "experiment/run_executor.h"
#include "export/export_model.h"
#include "jobs/job_queue.h"

#include <QCoreApplication>
#include <utility>

namespace planish {

void queueExport(JobQueue& queue, const RunSpec& spec, const ExportSettings& settings,
                 std::function<void(const QString& message)> done) {
    const QString title = QCoreApplication::translate("ExportJob", "Export %1 to %2")
                              .arg(QString::fromStdString(spec.recipe.name),
                                   QString::fromStdString(settings.folder.filename().string()));
    queue.add(title, [spec, settings, done = std::move(done)](JobMonitor& monitor) -> JobQueue::Completion {
        requireFree(Model::open(spec.model), settings);
        Workers workers(0);
        PartMonitor packing(monitor, 0, 0.5);
        const QuantizedModel packed = RunExecutor(workers).quantize(
            spec.model, spec.recipe, spec.seed, spec.calibration, packing, arithmeticFor(spec.evaluation));
        PartMonitor writing(monitor, 0.5, 1);
        const ExportResult result =
            exportModel(packed.model, spec.recipe, nullptr, settings, workers, writing);
        const QString message = QCoreApplication::translate("ExportJob", "Written: %1 (%2)")
                                    .arg(QString::fromStdString(settings.folder.string()),
                                         QString::fromStdString(result.notes.front()));
        return [done, message] { done(message); };
    });
}

} // namespace planish
