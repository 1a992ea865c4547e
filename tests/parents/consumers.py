"""A parent project builds the library as its subproject, and a program builds against what that build installs.

    consumers.py SOURCE_ROOT
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

source = pathlib.Path(sys.argv[1])
passed = 0
failed = 0


def run(*command, **keywords):
    result = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, **keywords)
    if result.returncode != 0:
        print("$", *command)
        print(result.stdout)
        raise RuntimeError(f"{command[0]} ended with status {result.returncode}")
    return result.stdout


def check(name, test):
    global passed, failed
    try:
        test()
        passed += 1
    except Exception as error:
        failed += 1
        print(f"FAILED {name}: {error}")


def require(condition, message):
    if not condition:
        raise RuntimeError(message)


def copy_sources(target):
    """What a git checkout of the library holds, whatever builds and caches lie about in this one."""
    target.mkdir(parents=True)
    for name in ("meson.build", "meson_options.txt"):
        shutil.copy(source / name, target / name)
    for name in ("include", "lib", "models", "cli", "examples", "tests", "benchmarks", "data"):
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("build*", "__pycache__"))


def consume(kind, parent, folder):
    """All checks of a library of one kind, of which the folder takes what is built and installed."""
    build, installed = folder / "build", folder / "installed"
    prefix = installed / "usr"

    def configure():
        # No optimisation: it is the building that is tested. The wrap must do without a network.
        print(run("meson", "setup", build, parent, "--prefix=/usr", "--libdir=lib", "--wrap-mode=nodownload",
                  "--buildtype=plain", f"-Dmixfam:default_library={kind}"))

    def only_the_library():
        targets = json.loads(run("meson", "introspect", build, "--targets"))
        parts = "mixfam_kernels_"  # of the library, one for each instruction set
        names = sorted(target["name"] for target in targets if not target["name"].startswith(parts))
        require(names == ["mixfam", "own_arrays"], f"the parent builds {names}")

    def flags(name, project, *options):
        """The compiler's words for each source, of a build that is only configured."""
        run("meson", "setup", folder / name, project, "--wrap-mode=nodownload", *options)
        commands = json.loads((folder / name / "compile_commands.json").read_text())
        return {pathlib.Path(entry["file"]).name: entry["command"].split() for entry in commands}

    def optimised_in_a_debug_parent():
        optimisation = lambda words: next((word for word in reversed(words) if word.startswith("-O")), "-O0")
        alone = ["-Dcli=disabled", "-Dtests=disabled", "-Dexamples=disabled"]
        debug = flags("debug", parent, "--buildtype=debug")
        for file in "fit.cpp", "gaussian.cpp", "kernels.cpp":
            require(optimisation(debug[file]) == "-O3" and "-DNDEBUG" in debug[file], f"debug: {debug[file]}")
        require(optimisation(debug["own_arrays.cpp"]) == "-O0", f"the parent itself: {debug['own_arrays.cpp']}")
        # What a parent asks for besides, and whoever works on the library, gets it.
        for name, project, options, expected in (
                ("sized", parent, ["--buildtype=minsize"], "-Os"),
                ("sanitized", parent, ["--buildtype=debug", "-Db_sanitize=address"], "-O0"),
                ("alone", parent / "subprojects/mixfam", ["--buildtype=debug", *alone], "-O0"),
                ("alone_released", parent / "subprojects/mixfam", alone, "-O3")):
            words = flags(name, project, *options)["fit.cpp"]
            require(optimisation(words) == expected, f"{name}: {words}")

    def compile_and_test():
        run("ninja", "-C", build)
        print(run(build / "own_arrays"))

    def kernels_stay_apart():
        # A weak function could stand in for that of another instruction set, which the processor may lack.
        for archive in build.rglob("libmixfam_kernels_*.a"):
            weak = [line for line in run("nm", "-C", archive).splitlines() if line.split()[-2:-1] in (["W"], ["u"])]
            require(not weak, f"weak in {archive.name}: {weak}")

    def install():
        run("meson", "install", "-C", build, "--no-rebuild", "--destdir", installed)
        library = "libmixfam.a" if kind == "static" else "libmixfam.so"
        files = sorted(str(path.relative_to(prefix)) for path in installed.rglob("*") if not path.is_dir())
        require(f"lib/{library}" in files, f"{library} is not in {files}")
        headers = sorted(str(path.relative_to(source)) for path in (source / "include").rglob("*.hpp"))
        require([name for name in files if name.startswith("include/")] == headers, f"headers: {files}")
        require("lib/pkgconfig/mixfam.pc" in files, f"no mixfam.pc in {files}")
        # A prefix that is not where the files lie now.
        file = prefix / "lib/pkgconfig/mixfam.pc"
        file.write_text(file.read_text().replace("prefix=/usr\n", f"prefix={prefix}\n"))

    def headers_need_nobody():
        # No other package is known here.
        environment = dict(os.environ, PKG_CONFIG_LIBDIR=str(prefix / "lib/pkgconfig"))
        environment.pop("PKG_CONFIG_PATH", None)
        flags = run("pkg-config", "--cflags", "mixfam", env=environment).split()
        require(flags == [f"-I{prefix}/include"], f"flags: {flags}")

    def cmake():
        moved = folder / "moved"
        shutil.copytree(installed, moved, symlinks=True)
        project = source / "tests/parents/cmake_parent"
        options = [f"-DCMAKE_PREFIX_PATH={moved / 'usr'}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror"]
        for wanted in "", "0.1":
            run("cmake", "-S", project, "-B", folder / "cmake", *options, f"-DWANTED_VERSION={wanted}")
        run("cmake", "--build", folder / "cmake")
        print(run(folder / "cmake/own_arrays"))
        for wanted in "0.2", "1":
            refused = subprocess.run(["cmake", "-S", project, "-B", folder / f"cmake{wanted}", *options,
                                      f"-DWANTED_VERSION={wanted}"], capture_output=True, text=True)
            require(refused.returncode != 0 and "requested version" in refused.stderr, f"{wanted} is served")

    def pkg_config():
        environment = dict(os.environ, PKG_CONFIG_PATH=str(prefix / "lib/pkgconfig"))
        flags = run("pkg-config", "--cflags", "--libs", *(["--static"] if kind == "static" else []), "mixfam",
                    env=environment).split()
        program = folder / "program"
        run("g++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", parent / "own_arrays.cpp", "-o", program,
            *flags)
        print(run(program, env=dict(os.environ, LD_LIBRARY_PATH=str(prefix / "lib"))))

    def only_our_symbols():
        # What others instantiate in our objects is weak (V, W, u) and may stay visible.
        symbols = run("nm", "-DC", "--defined-only", prefix / "lib/libmixfam.so").splitlines()
        foreign = [line for line in symbols if "mixfam::" not in line and line.split()[1] not in "VWu"]
        require(not foreign, f"exported besides mixfam: {foreign}")

    def own_threads_only():
        # BLAS and OpenMP have settings, of the whole process, on which the bits of their results depend.
        symbols = run("nm", "-D", "--undefined-only", prefix / "lib/libmixfam.so").split()
        foreign = [name for name in symbols if name.lower().startswith(("openblas", "cblas", "goto_", "omp_", "gomp_"))]
        require(not foreign, f"the library calls {foreign}")

    check("configure", configure)
    if build.is_dir():
        check("nothing but the library is built in a parent", only_the_library)
        if kind == "static":
            check("a parent that is built to be debugged gets an optimised library", optimised_in_a_debug_parent)
        check("a C++17 parent with werror compiles, links and runs", compile_and_test)
        check("no kernel can stand in for one of another instruction set", kernels_stay_apart)
        check("install", install)
        check("the headers need no other package", headers_need_nobody)
        check("a program built by pkg-config runs", pkg_config)
        check("a program built by CMake runs, wherever the library was moved to", cmake)
        if kind == "shared":
            check("the shared library exports its own symbols only", only_our_symbols)
            check("the shared library calls neither BLAS nor OpenMP", own_threads_only)


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    # Flags of the surroundings would hide what the build files themselves say.
    for variable in ("CXXFLAGS", "CPPFLAGS", "LDFLAGS", "DESTDIR"):
        os.environ.pop(variable, None)
    # Both kinds are made of the same objects, which are compiled once.
    os.environ.update(CCACHE_DIR=str(folder / "ccache"), CCACHE_BASEDIR=str(folder), CCACHE_NOHASHDIR="1")
    parent = folder / "parent"
    shutil.copytree(source / "tests/parents/subproject", parent)
    copy_sources(parent / "subprojects/mixfam")
    for kind in "static", "shared":
        consume(kind, parent, folder / kind)

print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
