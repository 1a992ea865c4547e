"""Where data and measurements lie: data sets that are made once, and one JSON file for each part of the benchmarks."""

import json
import pathlib

import data


class Workspace:
    def __init__(self, folder, quick):
        self.quick = quick
        self.data_folder = pathlib.Path(folder) / ("data-quick" if quick else "data")
        self.results_folder = pathlib.Path(folder) / ("results-quick" if quick else "results")
        self.data_folder.mkdir(parents=True, exist_ok=True)
        self.results_folder.mkdir(parents=True, exist_ok=True)

    def size(self, case):
        return case.quick() if self.quick else case

    def data_of(self, case, rows=None, **options):
        """The data file of a case, or one of its first rows only."""
        whole = self._made(f"{case.name}.h5", lambda path: data.write_data(case, path, **options))
        if rows is None or rows == case.rows:
            return whole
        return self._made(f"{case.name}_{rows}.h5", lambda path: data.copy_first_rows(whole, rows, path))

    def start_of(self, case, **options):
        """The start file of a case: the same for all of its rows or some."""
        return self._made(f"{case.name}_start.h5",
                          lambda path: data.write_start(case, self.data_of(case, **options), path))

    def save(self, part, measurements):
        (self.results_folder / f"{part}.json").write_text(json.dumps(measurements, indent=1))

    def load(self, part):
        """None where that part was not measured."""
        path = self.results_folder / f"{part}.json"
        return json.loads(path.read_text()) if path.exists() else None

    def _made(self, name, write):
        path = self.data_folder / name
        if not path.exists():
            unfinished = path.with_suffix(".unfinished")
            write(unfinished)
            unfinished.rename(path)
        return path
