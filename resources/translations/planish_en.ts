<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>planish::CodecDialog</name>
    <message numerus="yes">
        <source>%1 · in place of %n different codec(s)</source>
        <translation>
            <numerusform>%1 · in place of %n codec</numerusform>
            <numerusform>%1 · in place of %n different codecs</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::FrontierView</name>
    <message numerus="yes">
        <source>%n selected run(s) of other settings, not in this plot</source>
        <translation>
            <numerusform>%n selected run of other settings, not in this plot</numerusform>
            <numerusform>%n selected runs of other settings, not in this plot</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::JobNotifier</name>
    <message numerus="yes">
        <source>All jobs have ended, %n of them failed.</source>
        <translation>
            <numerusform>All jobs have ended, %n of them failed.</numerusform>
            <numerusform>All jobs have ended, %n of them failed.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::LayerPanel</name>
    <message numerus="yes">
        <source>%n layer(s) differ</source>
        <translation>
            <numerusform>%n layer differs</numerusform>
            <numerusform>%n layers differ</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::LayerTreeModel</name>
    <message numerus="yes">
        <source>%n differ</source>
        <translation>
            <numerusform>%n differs</numerusform>
            <numerusform>%n differ</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::MainWindow</name>
    <message numerus="yes">
        <source>Write on %n run(s)</source>
        <translation>
            <numerusform>Write on %n run</numerusform>
            <numerusform>Write on %n runs</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::ModelPage</name>
    <message numerus="yes">
        <source>%n token(s): </source>
        <translation>
            <numerusform>%n token: </numerusform>
            <numerusform>%n tokens: </numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::PredictionLabel</name>
    <message numerus="yes">
        <source>%1 + %n tensor(s) being measured</source>
        <translation>
            <numerusform>%1 + %n tensor being measured</numerusform>
            <numerusform>%1 + %n tensors being measured</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Predicted ΔPPL: %n tensor(s) being measured…</source>
        <translation>
            <numerusform>Predicted ΔPPL: %n tensor being measured…</numerusform>
            <numerusform>Predicted ΔPPL: %n tensors being measured…</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Predicted ΔPPL: not known of %n tensor(s)</source>
        <translation>
            <numerusform>Predicted ΔPPL: not known of %n tensor</numerusform>
            <numerusform>Predicted ΔPPL: not known of %n tensors</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1 + %n tensor(s) not known</source>
        <translation>
            <numerusform>%1 + %n tensor not known</numerusform>
            <numerusform>%1 + %n tensors not known</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::RestoreBar</name>
    <message numerus="yes">
        <source>%n run(s) were not finished when the program ended, the first is &quot;%1&quot;.</source>
        <translation>
            <numerusform>%n run was not finished when the program ended: &quot;%1&quot;.</numerusform>
            <numerusform>%n runs were not finished when the program ended, the first is &quot;%1&quot;.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::RunJobs</name>
    <message numerus="yes">
        <source>, %n window(s)</source>
        <translation>
            <numerusform>, %n window</numerusform>
            <numerusform>, %n windows</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>, %n sample(s)</source>
        <translation>
            <numerusform>, %n sample</numerusform>
            <numerusform>, %n samples</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::RunNotesDialog</name>
    <message numerus="yes">
        <source>Notes on %n runs</source>
        <translation>
            <numerusform>Notes on %n run</numerusform>
            <numerusform>Notes on %n runs</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::SweepDesigner</name>
    <message numerus="yes">
        <source>… and %n more</source>
        <translation>
            <numerusform>… and %n more</numerusform>
            <numerusform>… and %n more</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n run(s); estimating what they take…</source>
        <translation>
            <numerusform>%n run; estimating what they take…</numerusform>
            <numerusform>%n runs; estimating what they take…</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n run(s): about %1, at most %2 of memory, %3 on disk. Runs that are recorded already are not repeated; what runs share makes them faster.</source>
        <translation>
            <numerusform>%n run: about %1, at most %2 of memory, %3 on disk. Runs that are recorded already are not repeated; what runs share makes them faster.</numerusform>
            <numerusform>%n runs: about %1, at most %2 of memory, %3 on disk. Runs that are recorded already are not repeated; what runs share makes them faster.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::TextComparisonView</name>
    <message numerus="yes">
        <source>Read a text with %n model(s)</source>
        <translation>
            <numerusform>Read a text with %n model</numerusform>
            <numerusform>Read a text with %n models</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>planish::Workbench</name>
    <message numerus="yes">
        <source>%n run(s) added from %1</source>
        <translation>
            <numerusform>%n run added from %1</numerusform>
            <numerusform>%n runs added from %1</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n run(s) queued</source>
        <translation>
            <numerusform>%n run queued</numerusform>
            <numerusform>%n runs queued</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Record %n run(s)</source>
        <translation>
            <numerusform>Record %n run</numerusform>
            <numerusform>Record %n runs</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Remove %n run(s)</source>
        <translation>
            <numerusform>Remove %n run</numerusform>
            <numerusform>Remove %n runs</numerusform>
        </translation>
    </message>
</context>
</TS>
