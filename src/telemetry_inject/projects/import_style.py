"""How a TypeScript file spells the imports of its neighbours, and so how it has to spell the helper's."""

from __future__ import annotations

import re

_HEAD = 1 << 16  # bytes; imports are at the top
_ENOUGH = 64  # imports that are looked at
_STATEMENT = 2000  # bytes; the longest list of names between `import` and `from`

_SPECIFIER = re.compile(rb"""\b(from|import|require)(\s*+(?:\(\s*+)?+)(["'])(\.\.?(?:/[^"'\n]*)?)\3""")
_CODE = re.compile(rb"\.([mc]?[jt]s|[jt]sx)\Z")
_ASSET = re.compile(
    rb"\.(?:json5?|css|s[ac]ss|less|styl|pcss|svg|png|jpe?g|gif|webp|avif|ico|bmp|woff2?|ttf|otf|eot|mp[34]|webm|ogg|wav"
    rb"|wasm|node|graphql|gql|mdx?|html?|txt|xml|csv|ya?ml|toml|glsl|vert|frag|wgsl|vue|svelte|astro|marko|d\.[mc]?ts)\Z"
)
_STYLES = {b"js": ".js", b"jsx": ".js", b"ts": ".ts", b"tsx": ".ts", b"mts": ".ts", b"cts": ".ts"}
_STYLES |= {b"mjs": ".mjs", b"cjs": ".cjs"}

# What an import proves, strongest first. "" that works at run time works for the helper too; ".ts" must have been
# allowed; ".js" may stand for a real .js file; `require` and unknown endings may go without in projects that do not.
_ORDER = ("", ".ts", ".js", ".mjs", ".cjs", "weak")


def import_style(text: bytes) -> str | None:
    """The ending of the file's own relative imports: "" (none), ".js", ".ts", ".mjs" or ".cjs"; None when it has
    none that tell. Imports of types alone are erased, and so tell less."""
    seen: set[str] = set()
    for count, found in enumerate(_SPECIFIER.finditer(text, 0, _HEAD)):
        if count == _ENOUGH:
            break
        style = _style(found[4])
        if style is None or _in_comment(text, found.start()):
            continue
        called = b"(" in found[2]
        if found[1] == b"from" and not called:
            kind = _statement(text, found.start())
            if kind is None:
                continue
            called = kind == "type"
        if found[1] == b"require" and not called:
            continue
        if called and style == ".ts":
            continue  # allowed in a type even where it is not in an import
        seen.add("weak" if called and style == "" else style)
    best = next((style for style in _ORDER if style in seen), None)
    return "" if best == "weak" else best


def _style(specifier: bytes) -> str | None:
    """The style of one specifier; None when it is no neighbour in code."""
    if b"?" in specifier or b"!" in specifier:  # for a bundler's loader
        return None
    name = specifier.rpartition(b"/")[2]
    if name in (b"", b".", b".."):
        return ""
    if _ASSET.search(name):
        return None
    code = _CODE.search(name)
    if code is not None:
        return _STYLES[code[1]]
    return "weak" if b"." in name else ""


def _statement(text: bytes, end: int) -> str | None:
    """What `from` at `end` belongs to: "value", "type" (erased), or None when that is no import or export."""
    start = max(0, end - _STATEMENT)
    word = max(text.rfind(b"import", start, end), text.rfind(b"export", start, end))
    if word < 0:
        return None
    between = text[word + 6 : end].split(None, 2)
    if between[:1] == [b"type"] and between[1:2] not in ([b","], []):
        return "type"
    return "value"


def _in_comment(text: bytes, at: int) -> bool:
    line = text[max(text.rfind(b"\n", 0, at) + 1, at - _STATEMENT) : at].lstrip()
    return line.startswith((b"//", b"*", b"/*"))
