"""What the README shows is what there is: the smallest program, the wrap file, the terminal output.

    readme.py SOURCE_ROOT PROGRAM
"""

import pathlib
import re
import subprocess
import sys

source, program = pathlib.Path(sys.argv[1]), sys.argv[2]
readme = (source / "README.md").read_text()


def block(language, start):
    """The text of the first fenced block of a language that begins so."""
    for text in re.findall(rf"^```{language}\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL):
        if text.startswith(start):
            return text
    return None


def same(shown, true):
    """The same words; numbers up to what rounding does on another processor."""
    pairs = list(zip(shown.split(), true.split()))
    return len(shown.split()) == len(true.split()) and all(a == b or close(a, b) for a, b in pairs)


def close(a, b):
    try:
        return abs(float(a) - float(b)) <= 1e-9 + 1e-6 * abs(float(b))
    except ValueError:
        return False


command = re.search(r"^build/cli/mixfam (fit data/.*)$", readme, re.MULTILINE)[1].split()
output = subprocess.run([program, *command], cwd=source, text=True, stdout=subprocess.PIPE, check=True).stdout

shown = {
    "smallest program": (block("cpp", "// Two Gaussians"), (source / "examples/smallest.cpp").read_text()),
    "wrap file": (block("ini", "[wrap-git]"), (source / "tests/parents/subproject/subprojects/mixfam.wrap").read_text()),
    "terminal output": (block("text", "data "), output),
}
failed = 0
for name, (text, truth) in shown.items():
    if text is None or not same(text, truth):
        failed += 1
        print(f"README.md, {name}, shows\n{text}\nwhere there is\n{truth}")
print(f"{len(shown) - failed} passed, {failed} failed")
sys.exit(failed > 0)
