"""How a TypeScript file's own imports say that the helper's is to be spelt."""

from __future__ import annotations

import pytest

from telemetry_inject.projects.import_style import import_style


@pytest.mark.parametrize(
    ("text", "style"),
    [
        pytest.param("import { a } from './a'", "", id="none"),
        pytest.param("import { a } from './a.js';", ".js", id="js"),
        pytest.param('import a, { type B } from "../a.ts"', ".ts", id="ts"),
        pytest.param('import a from "./a.tsx"', ".ts", id="tsx"),
        pytest.param('import a from "./a.jsx"', ".js", id="jsx"),
        pytest.param("import './a.mjs'", ".mjs", id="mjs, for its effect"),
        pytest.param("import a = require('./a.cjs')", ".cjs", id="cjs"),
        pytest.param("import {\n  a,\n  b,\n} from './a.js'\n", ".js", id="on several lines"),
        pytest.param("export * from './a.js'", ".js", id="export all"),
        pytest.param("export * as x from './a.js'", ".js", id="export all under a name"),
        pytest.param("export { a } from '..'", "", id="a folder above"),
        pytest.param("export { a } from './dir/'", "", id="a folder"),
        pytest.param("import a from'./a.js'", ".js", id="no space"),
        pytest.param("\ufeffimport a from './a.js'\r\n", ".js", id="BOM, CRLF"),
        pytest.param("import a from 'react'\nimport b from '@x/y.js'", None, id="packages"),
        pytest.param("const x = 1", None, id="no import"),
        pytest.param("", None, id="empty"),
        pytest.param("import d from './d.json'\nimport './a.css'\nimport V from './V.vue'", None, id="assets"),
        pytest.param("import t from './a.js?raw'", None, id="for a loader"),
        pytest.param("import type { A } from './a.d.ts'", None, id="declarations"),
        pytest.param("import type { A } from './a.js'", ".js", id="types alone, js: needed everywhere or nowhere"),
        pytest.param("import type { A } from './a.ts'", None, id="types alone, ts: allowed everywhere"),
        pytest.param("let x: import('./a.ts').A", None, id="in a type"),
        pytest.param("import type from './a.ts'", ".ts", id="a value named type"),
        pytest.param("import type, { b } from './a.ts'", ".ts", id="a value named type, and others"),
        pytest.param("import type { A } from './a'\nimport b from './b.js'", ".js", id="a value decides over types"),
        pytest.param("const a = require('./a')\nimport b from './b.js'", ".js", id="require may go without"),
        pytest.param("const a = await import('./a.js')", ".js", id="import()"),
        pytest.param("const a = require('./a')", "", id="require alone"),
        pytest.param("import a from './user.service'", "", id="a dot in the name"),
        pytest.param("import a from './x.proto'\nimport b from './b.js'", ".js", id="an unknown ending"),
        pytest.param("import a from './a'\nimport b from './b.js'", "", id="mixed: one without is enough"),
        pytest.param("import a from './a.ts'\nimport b from './b.js'", ".ts", id="mixed: ts was allowed"),
        pytest.param("// import a from './a'\nimport b from './b.js'", ".js", id="in a comment"),
        pytest.param(
            "/**\n * import a from './a'\n */\nimport b from './b.js'", ".js", id="in a documentation comment"
        ),
        pytest.param("const text = \"from './a'\"", None, id="in a string"),
        pytest.param(
            "x".join(["import a from './a.js'\n", "y" * 70_000, "import b from './b'"]), ".js", id="far below"
        ),
    ],
)
def test_import_style(text: str, style: str | None) -> None:
    assert import_style(text.encode()) == style


@pytest.mark.parametrize(
    "text", ["from './" * 40_000, "import " * 60_000, "import{" + "a," * 100_000, "from" + " " * 200_000]
)
def test_any_text_is_read_in_one_pass(text: str) -> None:
    assert import_style(text.encode()) is None
