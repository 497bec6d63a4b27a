#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# check.sh WHAT SOURCE BUILD: one check of what is installed. Exits with 77, the sign of a skipped test, when the
# program that would check is not installed.
set -euo pipefail
what=$1 source=$2 build=$3
id=org.planish.Planish
stage=$build/stage
work=$build/packaging-$what
rm -rf "$work"
mkdir -p "$work"

need() {
    command -v "$1" >/dev/null || { echo "skipped: $1 is not installed (Debian package $2)"; exit 77; }
}
fail() {
    echo "FAIL!  : $what: $*"
    exit 1
}
install_tree() {
    rm -rf "$stage"
    cmake --install "$build" --prefix "$stage" >"$work/install.log" || { cat "$work/install.log"; fail "cmake --install"; }
}
# Without what this checkout or the user has.
clean() {
    env -i PATH=/usr/bin:/bin HOME="$work" XDG_RUNTIME_DIR="$work" LANG=C.UTF-8 QT_QPA_PLATFORM=offscreen "$@"
}
runs_from() {
    local prefix=$1
    # A model that only this tree has, so that nothing is found elsewhere by accident.
    cp -r "$prefix/share/planish/models/folio-4m" "$prefix/share/planish/models/only-here"
    clean "$prefix/bin/planish-cli" run only-here --codec int4:g64 --text docs --context 64 --windows 2 --json >"$work/run.json"
    grep -q '"ppl"' "$work/run.json" || fail "no perplexity from the installed tree"
    clean "$prefix/bin/planish" --version | grep -q planish || fail "planish --version"
    local status=0
    clean timeout 5 "$prefix/bin/planish" only-here >"$work/window.log" 2>&1 || status=$?
    [ "$status" = 124 ] || { cat "$work/window.log"; fail "the window ended with $status instead of staying open"; }
    rm -r "$prefix/share/planish/models/only-here"
}

case $what in
desktop)
    need desktop-file-validate desktop-file-utils
    desktop-file-validate "$source/resources/desktop/$id.desktop"
    ;;
metainfo)
    need appstreamcli appstream
    appstreamcli validate --no-net "$source/resources/desktop/$id.metainfo.xml"
    ;;
mime)
    need update-mime-database shared-mime-info
    mkdir -p "$work/mime/packages"
    cp "$source/resources/desktop/$id.xml" "$work/mime/packages"
    XDG_DATA_HOME=$work XDG_DATA_DIRS=/usr/share update-mime-database "$work/mime" 2>&1 | tee "$work/mime.log"
    [ ! -s "$work/mime.log" ] || fail "update-mime-database has something to say"
    for type in results recipe+json sweep+json; do
        grep -q "application/x-planish-$type" "$work/mime/types" || fail "$type is not known"
        grep -q "application/x-planish-$type" "$source/resources/desktop/$id.desktop" || fail "$type is not opened"
    done
    ;;
installed)
    install_tree
    for file in bin/planish bin/planish-cli "share/applications/$id.desktop" "share/metainfo/$id.metainfo.xml" \
        "share/mime/packages/$id.xml" "share/icons/hicolor/scalable/apps/$id.svg" \
        "share/icons/hicolor/128x128/apps/$id.png" share/planish/sweeps/example.json; do
        [ -s "$stage/$file" ] || fail "$file is missing"
    done
    runs_from "$stage"
    ;;
deb)
    need dpkg-shlibdeps dpkg-dev
    need dpkg-deb dpkg
    install_tree
    (cd "$work" && cpack -G DEB --config "$build/CPackConfig.cmake" -D CPACK_INSTALL_CMAKE_PROJECTS= \
        -D "CPACK_INSTALLED_DIRECTORIES=$stage;usr" -B "$work" >"$work/cpack.log" 2>&1) || { cat "$work/cpack.log"; fail cpack; }
    package=$(find "$work" -maxdepth 1 -name 'planish_*.deb')
    [ -n "$package" ] || fail "no package"
    depends=$(dpkg-deb -f "$package" Depends)
    for library in libqt6widgets6 libhdf5 libtbb libqcustomplot; do
        grep -q "$library" <<<"$depends" || fail "does not depend on $library but on $depends"
    done
    dpkg-deb -x "$package" "$work/root"
    runs_from "$work/root/usr"
    echo "$(basename "$package"), $(stat -c %s "$package") bytes, depends on $depends"
    rm -rf "$work/root" "$work/_CPack_Packages"
    ;;
translations)
    lupdate=$(ls /usr/lib/qt6/bin/lupdate 2>/dev/null || true)
    [ -n "$lupdate" ] || { echo "skipped: lupdate is not installed (Debian package qt6-l10n-tools)"; exit 77; }
    "$lupdate" -silent -no-obsolete -recursive "$source/ui" "$source/app" -ts "$work/planish.ts" 2>&1 | tee "$work/lupdate.log"
    ! grep -qi "error\|lacks Q_OBJECT" "$work/lupdate.log" || fail "some texts cannot be translated"
    messages=$(grep -c '<message' "$work/planish.ts")
    cp "$source/resources/translations/planish_en.ts" "$work/plurals.ts"
    "$lupdate" -silent -no-obsolete -pluralonly -recursive "$source/ui" "$source/app" -ts "$work/plurals.ts"
    ! grep -q 'type="unfinished"' "$work/plurals.ts" || fail "planish_en.ts lacks the plurals of some texts"
    [ "$messages" -gt 300 ] || fail "only $messages texts were found"
    echo "$messages texts"
    ;;
*)
    fail "unknown check"
    ;;
esac
echo "Totals: 1 passed, 0 failed"
