"""Commands and programs that the documentation shows do what it says, and the files that it points to exist.

    docs_test.py SOURCE_ROOT PROGRAM
"""

import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

source, program = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
folder = tempfile.TemporaryDirectory()
(pathlib.Path(folder.name) / "data").symlink_to(source / "data")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (source / page).read_text(), re.MULTILINE | re.DOTALL)


def mixfam(arguments):
    return [str(program), *shlex.split(arguments)]


def command_line(text):
    """A command line with the program in the place of `mixfam`, which variables may stand before."""
    return ["env", *(str(program) if word == "mixfam" else word for word in shlex.split(text))]


def cases():
    python = [text for page in ("file_format", "data") for text in blocks(f"docs/{page}.md", "python")]
    # Files are written before a command or another program reads them.
    for text in sorted(python, key=lambda text: '"w"' not in text):
        if '"w"' in text:
            yield text, [sys.executable, "-c", text]
    for page in "file_format", "data", "streaming", "speed":
        for text in blocks(f"docs/{page}.md", "sh"):
            yield text, command_line(text)
    for text in python:
        if '"w"' not in text:
            yield text, [sys.executable, "-c", text]
    for row in re.findall(r"^\|.*\|$", (source / "docs/methods.md").read_text(), re.MULTILINE):
        for options in re.findall(r"`(--[^`]+)`", row):
            if not options.startswith("--degenerate"):
                base = "" if "--family" in options else "--family gaussian "
                yield options, mixfam(f"fit data/faithful.h5 {base}--components 2 --max-iterations 20 {options}")
    (pathlib.Path(folder.name) / "prior.json").write_text(blocks("README.md", "json")[0])
    yield "the prior file", mixfam("fit data/faithful.h5 --family gaussian --components 2 --update map --prior prior.json")
    for command in ("families", "describe data/faithful.h5", "describe model.h5", "divergence model.h5 --draws 100",
                    "divergence model.h5 model.h5 --draws 100"):
        yield command, mixfam(command)


def missing_files():
    """Links of all pages, and all words of docs/architecture.md with a slash."""
    for page in sorted((source / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:\s]+)[^):\s]*\)", page.read_text()):
            if not (page.parent / target).exists():
                yield f"{page.name}: {target}"
    paths = set(re.findall(r"(?<![\w(/.-])[\w.-]+(?:/[\w.-]*\w)+", (source / "docs/architecture.md").read_text()))
    for path in sorted(paths):
        if not (source / path).exists():
            yield f"architecture.md: {path}"
    if len(paths) < 20:
        yield "architecture.md names no files"


passed = failed = 0
for name in missing_files():
    failed += 1
    print(f"{name} does not exist")
for name, command in cases():
    run = subprocess.run(command, cwd=folder.name, text=True, capture_output=True)
    if run.returncode == 0:
        passed += 1
    else:
        failed += 1
        print(f"{name}\nends with status {run.returncode}:\n{run.stderr}")
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0 or passed == 0)
