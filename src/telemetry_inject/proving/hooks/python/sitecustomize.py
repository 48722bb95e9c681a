"""Python runs this in every process of a suite that is being proved: it changes nothing that a test could see.

What lies in the user's tree is imported from the copy under test instead (a project that is installed in editable mode
would be imported from the original), and pytest and unittest report each test. Only built-in modules are imported.
"""

import sys

_HERE = __file__.rpartition("/")[0] or "."
if _HERE in sys.path:  # behind all others: the recorder is still found, and nothing is hidden by it
    sys.path.remove(_HERE)
    sys.path.append(_HERE)


def _next():
    """The machine's own sitecustomize, which this one stands in front of."""
    mine = sys.modules.pop("sitecustomize", None)
    sys.path.remove(_HERE)
    try:
        import sitecustomize  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.path.append(_HERE)
        sys.modules.setdefault("sitecustomize", mine)


def _moved(path, places):
    """Where a path in the user's tree lies in the copy."""
    if path.startswith(sys.prefix + "/"):  # a virtual environment in the tree stays where it is
        return path
    for old, new in places:
        if path == old or path.startswith(old + "/"):
            return new + path[len(old) :]
    return path


def _map(folder):
    try:
        with open(folder + "/places", encoding="utf-8", errors="surrogateescape") as file:
            places = [line.rstrip("\n").split("\t") for line in file]
    except OSError:
        return
    sys.path[:] = [_moved(path, places) for path in sys.path]
    for name, module in list(sys.modules.items()):
        mapping = getattr(module, "MAPPING", None) if name.startswith("__editable__") else None
        if isinstance(mapping, dict):
            mapping.update({key: _moved(path, places) for key, path in mapping.items()})


class _Hook:
    """Finds the two modules that are to be known once they are imported, each once."""

    def __init__(self):
        self.wanted = {
            "_pytest.config": "known_pytest",
            "unittest.result": "known_result",
            "unittest.case": "known_case",
        }

    def find_spec(self, name, path=None, target=None):
        entry = self.wanted.pop(name, None)
        if entry is None:
            return None
        if not self.wanted:
            sys.meta_path.remove(self)
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            import _telemetry_inject_recorder as recorder

            getattr(recorder, entry)(module)

        spec.loader.exec_module = exec_module
        return spec


def _start():
    import os

    folder = os.environ.get("TELEMETRY_INJECT_PROVING")
    if folder:
        _map(folder)
        sys.meta_path.insert(0, _Hook())


_next()
_start()
