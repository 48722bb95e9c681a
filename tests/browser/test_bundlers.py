"""Bundlers, compilers, loaders and test runners: what they make of an instrumented project does the same, with spans."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from browser_support import Span, instrument, modules, run, spans_of, with_modules

sys.path.append(str(Path(__file__).parents[1] / "runtime_js"))
from runtime_js_support import node as newer_node

BASKET = """\
export interface Line { name: string; price: number }

export class NotSold extends Error {
  constructor(readonly line: string) {
    super(`${line} is not sold here`);
    this.name = "NotSold";
  }
}

const PRICES: Record<string, number> = { tea: 2.5, milk: 1 };

export async function priceOf(name: string): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  const price = PRICES[name];
  if (price === undefined) throw new NotSold(name);
  return price;
}

export class Basket<T extends Line = Line> {
  #lines: T[] = [];

  add(line: T): this {
    this.#lines.push(line);
    return this;
  }

  *[Symbol.iterator](): Generator<T> {
    yield* this.#lines;
  }

  get total(): number {
    return [...this].reduce((sum, line) => sum + line.price, 0);
  }
}
"""
MAIN = """\
import { Basket, NotSold, priceOf } from "./shop/basket.ts";

export async function shop(...names: string[]): Promise<string> {
  const basket = new Basket();
  for (const name of names) {
    try {
      basket.add({ name, price: await priceOf(name) });
    } catch (error) {
      if (!(error instanceof NotSold)) throw error;
      console.log(error.message);
    }
  }
  return `${names.length} wanted, ${basket.total.toFixed(2)} to pay`;
}
"""
START = """\
import { shop } from "./main.ts";

shop("tea", "milk", "salt").then((text) => console.log(text));
"""
PRINTED = "salt is not sold here\n3 wanted, 3.50 to pay\n"
OPTIONS = {
    "target": "ES2022", "strict": True, "rootDir": "src", "outDir": "dist", "types": ["node"], "sourceMap": True,
    "skipLibCheck": True,
}  # fmt: skip


def write(root: Path, files: dict[str, object]) -> Path:
    """Write a project: text, or what becomes JSON."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return with_modules(root)


def typescript(ending: str, package: dict[str, object], **options: object) -> dict[str, object]:
    """The project in TypeScript, with its own way of ending imports."""
    sources = {"shop/basket.ts": BASKET, "main.ts": MAIN, "start.ts": START}
    return {
        "package.json": {"name": "shop", "private": True, **package},
        "tsconfig.json": {"compilerOptions": OPTIONS | options, "include": ["src"]},
        **{f"src/{name}": text.replace('.ts";', f'{ending}";') for name, text in sources.items()},
    }


@dataclass(frozen=True)
class Pair:
    """A project as it is and instrumented."""

    original: Path
    instrumented: Path

    def both(self, *command: str | Path, **env: str) -> tuple[str, str]:
        """What a command prints in the one and in the other."""
        return run(*command, cwd=self.original, **env), run(*command, cwd=self.instrumented, **env)

    def spans(self) -> list[Span]:
        """What was written, by all processes."""
        files = sorted(self.instrumented.glob("telemetry/*.jsonl"))
        return [span for file in files for line in file.read_text().splitlines() for span in spans_of(line)]


def pair(root: Path, files: dict[str, object], *options: str) -> Pair:
    original = write(root / "original", files)
    return Pair(original, with_modules(instrument(original, root / "instrumented", *options)))


def check(spans: list[Span], runs: int = 1) -> None:
    """The spans are those of the program, nested as its calls were."""
    names = {span.span_id: span.name for span in spans}
    found = [(names.get(span.parent_id, ""), span.name) for span in spans]
    assert found.count(("shop", "priceOf")) == 3 * runs, sorted(set(found))
    assert found.count(("shop", "Basket.add")) == 2 * runs
    assert found.count(("priceOf", "NotSold.constructor")) == runs
    assert [span.attributes["error.type"] for span in spans if span.failed] == ["NotSold"] * runs
    (shop, *_) = (span for span in spans if span.name == "shop")
    assert shop.parent_id == ""


BUNDLE = {
    "esbuild, node": "esbuild src/start.ts --bundle --platform=node --format=cjs --log-limit=0 --outfile=out.cjs",
    "esbuild, minified module": "esbuild src/start.ts --bundle --platform=node --format=esm --minify --outfile=out.mjs",
    "esbuild, browser": "esbuild src/start.ts --bundle --platform=browser --outfile=out.cjs",
    "esbuild, old browser": "esbuild src/start.ts --bundle --target=es2019,safari13 --outfile=out.cjs",
    "vite, library": "vite build --ssr src/start.ts --outDir . --emptyOutDir false --logLevel warn",
}


@pytest.mark.parametrize("name", BUNDLE)
def test_bundled_typescript(tmp_path: Path, name: str) -> None:
    projects = pair(tmp_path, typescript("", {"type": "module"}, module="ESNext", moduleResolution="bundler"))
    messages = projects.both(*BUNDLE[name].split())
    assert messages[0].count("arning") == messages[1].count("arning") == 0
    out = next(path.name for path in sorted(projects.original.glob("*.*js")))
    assert projects.both("node", out) == (PRINTED, PRINTED)
    check(projects.spans())


TRANSPILE = """\
const { transpileModule } = require("typescript");
const [module, ...sources] = JSON.parse(process.argv[1]);
const options = { module, target: "ES2022", esModuleInterop: true };
console.log(JSON.stringify(sources.map((text) => transpileModule(text, { compilerOptions: options }).outputText)));
"""


def javascript(module: bool) -> dict[str, object]:
    """The project in JavaScript, as TypeScript compiles it."""
    sources = {"shop/basket.js": BASKET, "main.js": MAIN, "start.js": START}
    texts = [text.replace('.ts";', '.js";') for text in sources.values()]
    order = json.dumps(["ESNext" if module else "CommonJS", *texts])
    made = json.loads(run("node", "-e", TRANSPILE, order, cwd=modules().parent))
    package = {"name": "shop", "private": True, "type": "module" if module else "commonjs"}
    return {"package.json": package, **{f"src/{name}": text for name, text in zip(sources, made, strict=True)}}


ROLLUP = """\
export default {
  input: "src/start.js",
  output: ["es", "cjs", "iife"].map((format) => ({ file: `out/${format}.${format === "es" ? "mjs" : "cjs"}`, format })),
};
"""


def test_rollup(tmp_path: Path) -> None:
    projects = pair(tmp_path, {**javascript(True), "rollup.config.js": ROLLUP})
    projects.both("rollup", "--config", "--failAfterWarnings", "--silent")
    made = sorted(path.name for path in (projects.instrumented / "out").iterdir())
    assert made == ["cjs.cjs", "es.mjs", "iife.cjs"]
    (projects.instrumented / "telemetry").rename(projects.instrumented / "of-the-build")  # its configuration's
    for name in made:
        assert projects.both("node", f"out/{name}") == (PRINTED, PRINTED)
    check(projects.spans(), runs=3)


WEBPACK = """\
const path = require("node:path");
const shared = { mode: "production", devtool: "source-map", entry: "./src/start.js" };
const output = (filename) => ({ path: path.join(__dirname, "out"), filename });
module.exports = [
  { ...shared, name: "node", target: "node", output: output("node.cjs") },
  { ...shared, name: "development", mode: "development", target: "web", output: output("development.cjs") },
];
"""


@pytest.mark.parametrize("module", [True, False], ids=["modules", "commonjs"])
def test_webpack(tmp_path: Path, module: bool) -> None:
    projects = pair(tmp_path, {**javascript(module), "webpack.config.cjs": WEBPACK})
    program = (
        'const webpack = require("webpack"); webpack(require(process.cwd() + "/webpack.config.cjs"), (error, stats) => {'
        "const told = stats.toJson({ all: false, errors: true, warnings: true });"
        "console.log(JSON.stringify([...told.errors, ...told.warnings].map((each) => each.message))); });"
    )
    assert projects.both("node", "-e", program, TELEMETRY_INJECT_DISABLED="true") == ("[]\n", "[]\n")
    for name in ("node.cjs", "development.cjs"):
        assert projects.both("node", f"out/{name}") == (PRINTED, PRINTED)
    check(projects.spans(), runs=2)


# ---- The TypeScript compiler and loaders ----------------------------------------------------------------------


def layout(root: Path) -> set[str]:
    """The files of a build that are not the helper's."""
    names = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    return {name for name in names if "_telemetry_inject" not in name}


@pytest.mark.parametrize(
    ("ending", "package", "options"),
    [
        pytest.param("", {}, {"module": "commonjs", "rootDir": None, "declaration": True}, id="commonjs, no rootDir"),
        pytest.param(".js", {"type": "module"}, {"module": "nodenext"}, id="nodenext, modules"),
        pytest.param(
            ".ts",
            {"type": "module"},
            {"module": "nodenext", "rewriteRelativeImportExtensions": True, "verbatimModuleSyntax": True},
            id="nodenext, .ts",
        ),
    ],
)
def test_tsc(tmp_path: Path, ending: str, package: dict[str, object], options: dict[str, object]) -> None:
    made = typescript(ending, package, **options)
    made["tsconfig.json"]["compilerOptions"] = {  # type: ignore[index]
        key: value
        for key, value in made["tsconfig.json"]["compilerOptions"].items()  # type: ignore[index]
        if value is not None
    }
    projects = pair(tmp_path, made)
    projects.both("tsc", "-p", ".")
    assert layout(projects.instrumented / "dist") == layout(projects.original / "dist")
    assert projects.both("node", "dist/start.js") == (PRINTED, PRINTED)
    check(projects.spans())


def test_tsx_loader(tmp_path: Path) -> None:
    projects = pair(tmp_path, typescript("", {}, module="ESNext", moduleResolution="bundler"))
    assert projects.both("tsx", "src/start.ts") == (PRINTED, PRINTED)
    check(projects.spans())


def test_ts_node(tmp_path: Path) -> None:
    projects = pair(tmp_path, typescript("", {}, module="commonjs"))
    assert projects.both("ts-node", "--transpile-only", "src/start.ts") == (PRINTED, PRINTED)
    check(projects.spans())


@pytest.mark.parametrize("version", ["22", "24"])
def test_node_strips_the_types(tmp_path: Path, version: str) -> None:
    options = {"module": "nodenext", "noEmit": True, "allowImportingTsExtensions": True, "erasableSyntaxOnly": True}
    made = typescript(".ts", {"type": "module"}, **options)
    made["src/shop/basket.ts"] = BASKET.replace("constructor(readonly line: string)", "constructor(line: string)")
    projects = pair(tmp_path, made)
    command = (newer_node(version), "--experimental-strip-types", "--no-warnings", "src/start.ts")
    assert projects.both(*command) == (PRINTED, PRINTED)
    check(projects.spans())


# ---- Test runners ---------------------------------------------------------------------------------------------

TESTS = """\
import { IMPORTS } from "RUNNER";

import { shop } from "../src/main";
import { Basket } from "../src/shop/basket";

RUNNER_OBJECT.mock("../src/shop/basket", async () => {
  const actual = await RUNNER_OBJECT.ACTUAL("../src/shop/basket");
  return { ...(actual as object), priceOf: RUNNER_OBJECT.fn(async (name: string) => name.length) };
});

describe("a shop", () => {
  beforeEach(() => {
    expect.hasAssertions();
  });

  it("adds up", async () => {
    expect(await shop("tea", "milk")).toBe("2 wanted, 7.00 to pay");
  });

  it.each([1, 2])("takes %i", (count) => {
    const basket = new Basket();
    for (let i = 0; i < count; i++) basket.add({ name: "x", price: 1 });
    expect(basket.total).toBe(count);
    expect([...basket]).toMatchSnapshot();
  });
});
"""


def suite_for(runner: str, module: str, actual: str) -> str:
    text = TESTS.replace("RUNNER_OBJECT", runner).replace("ACTUAL", actual).replace("RUNNER", module)
    return text.replace("IMPORTS", f"beforeEach, describe, expect, it, {runner}")


def outcome(root: Path) -> dict[str, object]:
    """The statuses of tests and of snapshots in a report."""
    told = json.loads((root / "report.json").read_text())
    (result,) = told["testResults"]
    return {
        "tests": [(each["fullName"], each["status"]) for each in result["assertionResults"]],
        "snapshots": {key: value for key, value in told["snapshot"].items() if isinstance(value, int)},
    }


def check_tests(projects: Pair, *command: str) -> None:
    projects.both(*command)
    before, after = outcome(projects.original), outcome(projects.instrumented)
    assert after == before
    assert [status for _, status in after["tests"]] == ["passed"] * 3  # type: ignore[attr-defined]
    spans = projects.spans()
    names = {span.span_id: span.name for span in spans}
    found = {(names.get(span.parent_id, ""), span.name) for span in spans}
    assert {("shop", "Basket.add"), ("<anonymous>.<anonymous>#3", "shop")} <= found  # the latter by a test
    assert not any(span.failed for span in spans)


def test_vitest(tmp_path: Path) -> None:
    made = typescript("", {"type": "module"}, module="ESNext", moduleResolution="bundler")
    made["test/shop.test.ts"] = suite_for("vi", "vitest", "importActual")
    made["vitest.config.ts"] = 'export default { test: { reporters: ["json"], outputFile: "report.json" } };\n'
    check_tests(pair(tmp_path, made, "--include-tests"), "vitest", "run")


JEST = {
    "babel-jest": {
        "babel.config.cjs": 'module.exports = { presets: [["@babel/preset-env", { targets: { node: "current" } }],'
        ' "@babel/preset-typescript"] };\n',
        "jest.config.cjs": "module.exports = {};\n",
    },
    "ts-jest": {
        "jest.config.cjs": 'module.exports = { transform: { "\\\\.ts$": ["ts-jest", { tsconfig: "tsconfig.json" }] } };\n',
    },
}


@pytest.mark.parametrize("transformer", JEST)
def test_jest(tmp_path: Path, transformer: str) -> None:
    made = typescript("", {}, module="commonjs", isolatedModules=True, rootDir=".")
    made["test/shop.test.ts"] = (
        suite_for("jest", "@jest/globals", "requireActual")
        .replace("async () => {", "() => {", 1)
        .replace("await jest.requireActual", "jest.requireActual")
    )
    made |= JEST[transformer]
    projects = pair(tmp_path, made, "--include-tests")
    check_tests(projects, "jest", "--ci=false", "--json", "--outputFile=report.json", f"--cacheDirectory={tmp_path}/c")


def test_what_a_build_sends_to_the_environment(tmp_path: Path) -> None:
    """A bundle for browsers names no module of Node's, so that nothing has to be replaced or left out."""
    projects = pair(tmp_path, typescript("", {"type": "module"}, module="ESNext", moduleResolution="bundler"))
    projects.both("esbuild", "src/start.ts", "--bundle", "--outfile=out.js", "--metafile=meta.json")
    meta = json.loads((projects.instrumented / "meta.json").read_text())
    assert sorted(meta["inputs"]) == [
        f"src/{name}.ts" for name in ("_telemetry_inject", "main", "shop/basket", "start")
    ]
    assert all(not each["imports"] for name, each in meta["inputs"].items() if "_telemetry_inject" in name)
    assert os.path.getsize(projects.instrumented / "out.js") < os.path.getsize(projects.original / "out.js") + 80_000
