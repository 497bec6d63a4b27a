// SPDX-License-Identifier: GPL-3.0-or-later
// Model files with random damage either open or give an error: no crash, no hang, no huge allocation.
#include "codec/codec.h"
#include "model/layout.h"
#include "model/model.h"
#include "model/model_source.h"
#include "support/json.h"
#include "support/system.h"
#include "support/workers.h"
#include "test_support.h"
#include "tiny_model.h"

#include <QTemporaryDir>
#include <QTest>
#include <random>

using namespace planish;

class MutatedModelTest : public QObject {
    Q_OBJECT

    static constexpr int rounds = 300;

    /// Flips bits, replaces bytes by ones that mean something to a parser, or cuts off; mostly at the front.
    static std::string damaged(std::string content, std::size_t front, std::mt19937& random) {
        const auto below = [&](std::size_t limit) { return random() % std::max<std::size_t>(limit, 1); };
        if (below(6) == 0) {
            return content.substr(0, below(content.size()));
        }
        for (std::size_t count = 1 + below(4); count > 0 && !content.empty(); --count) {
            char& byte = content[below(std::min(front, content.size()))];
            byte = below(2) == 0 ? static_cast<char>(byte ^ (1 << below(8)))
                                 : "0123456789{}[]\",:-eE.\\ \xff"[below(25)];
        }
        return content;
    }

    /// Opens and reads everything; whether that worked. Anything but an Error escapes and fails the test.
    static bool survives(const std::filesystem::path& folder) {
        return test::errorOf([&] {
                   const Model model = Model::open(folder.string());
                   for (const TensorInfo& tensor : model.tensors()) {
                       model.read(tensor);
                   }
               })
            .isEmpty();
    }

    static void write(const std::filesystem::path& folder, const std::string& config,
                      const std::string& weights) {
        std::filesystem::remove_all(folder); // truncating the files would wait for the disk
        test::writeFile(folder / "config.json", config);
        test::writeFile(folder / "model.safetensors", weights);
    }

    /// The two files of the tiny model in packed tensors of several codecs.
    struct PackedFiles {
        std::string listing;
        std::string weights;
    };
    static PackedFiles packedFiles(const std::filesystem::path& plain) {
        const char* const codecs[] = {"int4:g8", "int3:g8+outliers=10%", "trellis2.5:L8",
                                      "ec3",     "int2:g8+rht",          "nf4:g8",
                                      "q8_0",    "int3:g8+lowrank=1"};
        test::writeTinyModel(plain, test::tinyTensors());
        const Model model = Model::open(plain.string());
        Workers workers(1);
        SilentMonitor monitor;
        std::vector<test::StoredTensor> stored;
        Json listed = Json::array();
        std::size_t next = 0;
        for (const TensorInfo& tensor : model.tensors()) {
            Codec codec = Codec::parse("bf16");
            for (std::size_t i = 0; i < std::size(codecs) && !tensor.isVector; ++i) {
                const Codec wanted = Codec::parse(codecs[next++ % std::size(codecs)]);
                if (test::errorOf([&] { wanted.packedBytes(tensor.shape); }).isEmpty()) {
                    codec = wanted;
                    break;
                }
            }
            const PackedTensor packed = codec.encode(model.read(tensor), {workers, monitor});
            const std::string bytes(reinterpret_cast<const char*>(packed.bytes.data()), packed.bytes.size());
            stored.push_back({storedName(tensor), "U8", {bytes.size()}, bytes});
            listed.push_back({{"name", tensor.name}, {"codec", codec.name()}});
        }
        const Json listing{{"schema", packedModelSchema}, {"tensors", listed}};
        return {listing.dump(), test::safetensors(stored)};
    }

  private slots:
    void damaged_packed_models_open_or_give_an_error() {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString() + "/model";
        const PackedFiles files = packedFiles(folder.path().toStdString() + "/plain");
        const auto survivesWith = [&](const std::string& listing, const std::string& weights) {
            write(path, test::tinyConfig(), weights);
            test::writeFile(path / packedModelFile, listing);
            return survives(path) ? 1 : 0;
        };
        QCOMPARE(survivesWith(files.listing, files.weights), 1);
        std::mt19937 random(21);
        int opened = 0;
        for (int round = 0; round < rounds; ++round) {
            opened += survivesWith(damaged(files.listing, files.listing.size(), random), files.weights);
            opened += survivesWith(files.listing, damaged(files.weights, files.weights.size(), random));
        }
        QVERIFY2(opened > 0 && opened < 2 * rounds, qPrintable(QString::number(opened)));
        QVERIFY(peakMemoryBytes() < 500'000'000);
    }

    void damaged_files_open_or_give_an_error() {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString() + "/model";
        const std::string weights = test::safetensors(test::tinyTensors());
        const std::string config = test::tinyConfig();
        const std::size_t header = weights.size() - 2 * 160; // roughly: the values are all alike anyway
        std::mt19937 random(20);
        int opened = 0;
        for (int round = 0; round < rounds; ++round) {
            write(path, config, damaged(weights, header, random));
            opened += survives(path) ? 1 : 0;
            write(path, damaged(config, config.size(), random), weights);
            opened += survives(path) ? 1 : 0;
        }
        QVERIFY2(opened > 0 && opened < rounds, qPrintable(QString::number(opened)));
        QVERIFY(peakMemoryBytes() < 500'000'000);
    }
};

QTEST_APPLESS_MAIN(MutatedModelTest)
#include "tst_mutated_model.moc"
