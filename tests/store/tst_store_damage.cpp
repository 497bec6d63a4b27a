// SPDX-License-Identifier: GPL-3.0-or-later
//
// Files that are damaged, foreign or hostile: every one is refused with a message that names file and field,
// or read; none crashes the program, makes it hang, or take memory without bound.
#include "sample_runs.h"
#include "store/results_document.h"
#include "support/file.h"
#include "test_support.h"

#include <hdf5.h>
#include <malloc.h>

#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <functional>

using namespace planish;
using namespace planish::test;

// HDF5 itself leaks what it had read of a file that it then refuses; our own leaks are still reported.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() { // NOLINT(bugprone-reserved-identifier)
    return "leak:libhdf5";
}

namespace {

const std::string runPath = "/runs/" + sampleRun(1).id;

/// Changes an HDF5 file with the library, as another program could.
void edit(const std::filesystem::path& path, const std::function<void(hid_t file)>& change) {
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    change(file);
    H5Fclose(file);
}

void replaceAttribute(hid_t file, const std::string& object, const char* name, hid_t type, hsize_t count,
                      const void* value) {
    H5Adelete_by_name(file, object.c_str(), name, H5P_DEFAULT);
    const hid_t space = H5Screate_simple(1, &count, nullptr);
    const hid_t attribute =
        H5Acreate_by_name(file, object.c_str(), name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, type, value);
    H5Aclose(attribute);
    H5Sclose(space);
}

void replaceDataset(hid_t file, const std::string& name, hid_t type, int rank, const hsize_t* extent,
                    hid_t creation = H5P_DEFAULT) {
    H5Ldelete(file, name.c_str(), H5P_DEFAULT);
    const hid_t space = H5Screate_simple(rank, extent, nullptr);
    H5Dclose(H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT));
    H5Sclose(space);
}

void replaceText(hid_t file, const std::string& object, const char* name, const char* value) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, std::strlen(value) + 1);
    replaceAttribute(file, object, name, type, 1, value);
    H5Tclose(type);
}

void makeExternal(hid_t file) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, "/etc/passwd", 0, 40);
    const hsize_t five = 5;
    replaceDataset(file, runPath + "/window_nll", H5T_IEEE_F64LE, 1, &five, creation);
    H5Pclose(creation);
}

} // namespace

class StoreDamageTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::filesystem::path path_;
    std::string valid_; // bytes of a document of one run

    void restore() const { writeFile(path_, valid_); }
    QString readError() const {
        return errorOf([&] { ResultsDocument(path_).read(); });
    }

  private slots:
    void initTestCase();
    void files_of_other_kinds_are_refused_data();
    void files_of_other_kinds_are_refused();
    void a_document_cut_anywhere_is_refused();
    void a_newer_version_is_refused_naming_both();
    void a_foreign_hdf5_file_is_neither_read_nor_overwritten();
    void tampered_fields_are_named_data();
    void tampered_fields_are_named();
    void optional_attributes_default();
    void any_changed_bytes_are_refused_or_read();
    void damaged_indices_of_groups_are_refused();
    void a_damaged_journal_file_is_reported_and_kept_aside();
    void a_newer_journal_file_is_refused_and_kept();
};

void StoreDamageTest::initTestCase() {
    // What a library reads of memory that it never wrote must not happen to be zero.
    mallopt(M_PERTURB, 0x5a);
    path_ = std::filesystem::path(folder_.path().toStdString()) / "document.h5";
    writeResultsDocument(path_, {sampleRun(1)});
    valid_ = readWholeFile(path_, 1U << 24);
    QCOMPARE(ResultsDocument(path_).read().size(), 1U);
}

void StoreDamageTest::files_of_other_kinds_are_refused_data() {
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("one byte") << QByteArray("x");
    QTest::newRow("text") << QByteArray("not a document at all, only text\n").repeated(100);
    QTest::newRow("signature only") << QByteArray("\x89HDF\r\n\x1a\n");
    QTest::newRow("signature and zeros") << QByteArray("\x89HDF\r\n\x1a\n") + QByteArray(4096, '\0');
    QTest::newRow("signature and ones") << QByteArray("\x89HDF\r\n\x1a\n") + QByteArray(4096, '\xff');
}

void StoreDamageTest::files_of_other_kinds_are_refused() {
    QFETCH(QByteArray, content);
    writeFile(path_, content.toStdString());
    const QString message = readError();
    QVERIFY2(message.contains("document.h5"), qPrintable(message));
    QVERIFY2(message.contains("expected"), qPrintable(message));
    QVERIFY_EXCEPTION_THROWN(ResultsDocument(path_).read(), InputError);
    QVERIFY_EXCEPTION_THROWN(ResultsWriter{ResultsDocument(path_)}, InputError);
}

void StoreDamageTest::a_document_cut_anywhere_is_refused() {
    for (std::size_t size = 0; size < valid_.size(); size += 97) {
        writeFile(path_, valid_.substr(0, size));
        QVERIFY_EXCEPTION_THROWN(ResultsDocument(path_).read(), InputError);
    }
}

void StoreDamageTest::a_newer_version_is_refused_naming_both() {
    restore();
    edit(path_, [](hid_t file) {
        const std::uint64_t version = 7;
        replaceAttribute(file, "/", "schema_version", H5T_NATIVE_UINT64, 1, &version);
    });
    const QString message = readError();
    QVERIFY2(message.contains("schema_version: expected at most 1") && message.contains("found 7"),
             qPrintable(message));
    QVERIFY_EXCEPTION_THROWN(ResultsWriter{ResultsDocument(path_)}, InputError);
}

void StoreDamageTest::a_foreign_hdf5_file_is_neither_read_nor_overwritten() {
    H5Fclose(H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    const std::string before = readWholeFile(path_, 1U << 20);
    const QString message = readError();
    QVERIFY2(message.contains("document.h5: schema: expected planish.results"), qPrintable(message));
    QVERIFY_EXCEPTION_THROWN(ResultsWriter{ResultsDocument(path_)}, InputError);
    QVERIFY(readWholeFile(path_, 1U << 20) == before);
}

using Change = std::function<void(hid_t)>;
Q_DECLARE_METATYPE(Change)

void StoreDamageTest::tampered_fields_are_named_data() {
    QTest::addColumn<Change>("change");
    QTest::addColumn<QString>("named");
    const auto row = [](const char* name, const char* named, Change change) {
        QTest::newRow(name) << std::move(change) << QString(named);
    };
    static const double number = 3.5;
    static const std::int64_t negative = -3;
    static const hsize_t five = 5;
    static const hsize_t six = 6;
    static const hsize_t huge = hsize_t{1} << 50;
    static const hsize_t square[] = {2, 3};
    row("required attribute missing", "/ppl",
        [](hid_t file) { H5Adelete_by_name(file, runPath.c_str(), "ppl", H5P_DEFAULT); });
    row("recipe missing", "/recipe",
        [](hid_t file) { H5Adelete_by_name(file, runPath.c_str(), "recipe", H5P_DEFAULT); });
    row("text for a number", "/ppl", [](hid_t file) { replaceText(file, runPath, "ppl", "five"); });
    row("number for a text", "/model",
        [](hid_t file) { replaceAttribute(file, runPath, "model", H5T_NATIVE_DOUBLE, 1, &number); });
    row("fraction for a count", "/context",
        [](hid_t file) { replaceAttribute(file, runPath, "context", H5T_NATIVE_DOUBLE, 1, &number); });
    row("negative count", "/context",
        [](hid_t file) { replaceAttribute(file, runPath, "context", H5T_NATIVE_INT64, 1, &negative); });
    row("two values", "/ppl", [](hid_t file) {
        const double two[] = {1, 2};
        replaceAttribute(file, runPath, "ppl", H5T_NATIVE_DOUBLE, 2, two);
    });
    row("text that is no UTF-8", "/model",
        [](hid_t file) { replaceText(file, runPath, "model", "\xff\xfe"); });
    row("recipe that is no JSON", "/recipe",
        [](hid_t file) { replaceText(file, runPath, "recipe", "{\"schema\""); });
    row("id unlike the name of the group", "/run",
        [](hid_t file) { replaceText(file, runPath, "run", "0123456789abcdef"); });
    row("tables missing", "/tensors",
        [](hid_t file) { H5Ldelete(file, (runPath + "/tensors").c_str(), H5P_DEFAULT); });
    row("column missing", "/tensors/codec",
        [](hid_t file) { H5Ldelete(file, (runPath + "/tensors/codec").c_str(), H5P_DEFAULT); });
    row("columns of unequal length", "/tensors/bytes",
        [](hid_t file) { replaceDataset(file, runPath + "/tensors/bytes", H5T_STD_U64LE, 1, &six); });
    row("window columns of unequal length", "/baseline_window_nll",
        [](hid_t file) { replaceDataset(file, runPath + "/baseline_window_nll", H5T_IEEE_F64LE, 1, &six); });
    row("numbers for names", "/tensors/name",
        [](hid_t file) { replaceDataset(file, runPath + "/tensors/name", H5T_STD_U64LE, 1, &five); });
    row("table of two dimensions", "/window_nll",
        [](hid_t file) { replaceDataset(file, runPath + "/window_nll", H5T_IEEE_F64LE, 2, square); });
    row("a petabyte", "/window_nll",
        [](hid_t file) { replaceDataset(file, runPath + "/window_nll", H5T_IEEE_F64LE, 1, &huge); });
    row("far more elements than bytes", "/window_nll", [](hid_t file) {
        static const hsize_t many = 9'000'000;
        replaceDataset(file, runPath + "/window_nll", H5T_IEEE_F64LE, 1, &many);
    });
    row("names of a gigabyte", "/tensors/name", [](hid_t file) {
        const hid_t type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, std::size_t{1} << 30);
        replaceDataset(file, runPath + "/tensors/name", type, 1, &five);
        H5Tclose(type);
    });
    row("data in another file", "/window_nll", makeExternal);
    row("group in another file", "/runs", [](hid_t file) {
        H5Ldelete(file, "/runs", H5P_DEFAULT);
        H5Lcreate_external("/dev/zero", "/runs", file, "runs", H5P_DEFAULT, H5P_DEFAULT);
    });
    row("soft link in a circle", "/tensors", [](hid_t file) {
        H5Ldelete(file, (runPath + "/tensors").c_str(), H5P_DEFAULT);
        H5Lcreate_soft((runPath + "/tensors").c_str(), file, (runPath + "/tensors").c_str(), H5P_DEFAULT,
                       H5P_DEFAULT);
    });
    row("dataset for the runs", "/runs",
        [](hid_t file) { replaceDataset(file, "/runs", H5T_IEEE_F64LE, 1, &five); });
}

void StoreDamageTest::tampered_fields_are_named() {
    QFETCH(Change, change);
    QFETCH(QString, named);
    restore();
    edit(path_, change);
    const QString message = readError();
    QVERIFY2(message.contains("document.h5"), qPrintable(message));
    QVERIFY2(message.contains(named), qPrintable(message));
    QVERIFY_EXCEPTION_THROWN(ResultsDocument(path_).read(), InputError);
}

void StoreDamageTest::optional_attributes_default() {
    restore();
    edit(path_, [](hid_t file) {
        for (const char* key : {"kld_max", "machine", "delta_standard_error_percent", "seed", "run"}) {
            H5Adelete_by_name(file, runPath.c_str(), key, H5P_DEFAULT);
        }
    });
    const RunRecord run = ResultsDocument(path_).read().front();
    QCOMPARE(run.machine, std::string());
    QCOMPARE(run.seed, 0U);
    QVERIFY(std::isnan(run.deltaStandardErrorPercent));
    QCOMPARE(run.ppl, sampleRun(1).ppl);
}

void StoreDamageTest::any_changed_bytes_are_refused_or_read() {
    QRandomGenerator random(7);
    int refused = 0;
    for (int round = 0; round < 200; ++round) {
        std::string bytes = valid_;
        const int changes = 1 + static_cast<int>(random.bounded(3U));
        for (int i = 0; i < changes; ++i) {
            bytes[random.bounded(static_cast<quint32>(bytes.size()))] =
                static_cast<char>(random.bounded(256U));
        }
        writeFile(path_, bytes);
        refused += readError().isEmpty() ? 0 : 1;
    }
    QVERIFY2(refused > 50, qPrintable(QString::number(refused)));
}

void StoreDamageTest::damaged_indices_of_groups_are_refused() {
    int damaged = 0;
    for (const std::string signature : {"BTLF", "BTHD", "FHDB", "FRHP"}) {
        for (std::size_t at = valid_.find(signature); at != std::string::npos;
             at = valid_.find(signature, at + 1)) {
            for (const std::size_t offset : {0U, 6U, 30U}) {
                std::string bytes = valid_;
                bytes[at + offset] = static_cast<char>(bytes[at + offset] ^ 0x20);
                writeFile(path_, bytes);
                const QString message = readError();
                damaged += message.isEmpty() ? 0 : 1;
            }
        }
    }
    QVERIFY2(damaged > 10, qPrintable(QString::number(damaged)));
}

void StoreDamageTest::a_damaged_journal_file_is_reported_and_kept_aside() {
    std::filesystem::remove(path_);
    const ResultsDocument document(path_);
    const std::filesystem::path journal = path_.string() + ".journal";
    ResultsWriter writer(document);
    for (std::uint64_t i = 1; i <= 3; ++i) {
        writer.record(sampleRun(i));
    }
    const std::filesystem::path second = journal / ("00000002-" + sampleRun(2).id + ".h5");
    const std::string content = readWholeFile(second, 1U << 24);
    writeFile(second, content.substr(0, content.size() / 2));
    const std::vector<std::string> sound{sampleRun(1).id, sampleRun(3).id};
    std::vector<std::string> warnings;
    QCOMPARE(idsOf(document.read(&warnings)), sound);
    QCOMPARE(warnings.size(), 1U);
    QVERIFY2(warnings[0].find(second.string()) != std::string::npos, warnings[0].c_str());
    QCOMPARE(document.runIds(), sound);
    writer.fold();
    QVERIFY(readWholeFile(second.string() + ".damaged", 1U << 24) == content.substr(0, content.size() / 2));
    warnings.clear();
    QCOMPARE(idsOf(document.read(&warnings)), sound);
    QCOMPARE(warnings.size(), 1U);
}

void StoreDamageTest::a_newer_journal_file_is_refused_and_kept() {
    std::filesystem::remove_all(path_.string() + ".journal");
    restore();
    const std::filesystem::path entry = path_.string() + ".journal/00000001-" + sampleRun(1).id + ".h5";
    writeFile(entry, valid_);
    edit(entry, [](hid_t file) {
        const std::uint64_t version = 2;
        replaceAttribute(file, "/", "schema_version", H5T_NATIVE_UINT64, 1, &version);
    });
    const QString message = readError();
    QVERIFY2(message.contains("schema_version: expected at most 1"), qPrintable(message));
    QVERIFY(std::filesystem::exists(entry));
}

QTEST_GUILESS_MAIN(StoreDamageTest)
#include "tst_store_damage.moc"
