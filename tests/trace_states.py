"""What the headers `traceparent` and `tracestate` may say, for the tests of the helpers in all languages
(w3.org/TR/trace-context)."""

TRACE, PARENT, OTHER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{PARENT}-01"

# what is said -> the values of `traceparent`, and whether they are followed
PARENTS: dict[str, tuple[list[str], bool]] = {
    "as it should be": ([HEADER], True),
    "flags of later versions": ([HEADER[:-2] + "ff"], True),
    "a later version": (["01" + HEADER[2:]], True),
    "a later version with more": (["cc" + HEADER[2:] + "-what-comes-then"], True),
    "a later version with more, without a dash": (["cc" + HEADER[2:] + ".x"], False),
    "version ff": (["ff" + HEADER[2:]], False),
    "more than version 00 has": ([HEADER + "-"], False),
    "upper case": ([HEADER.upper()], False),
    "no trace": ([f"00-{'0' * 32}-{PARENT}-01"], False),
    "no parent": ([f"00-{TRACE}-{'0' * 16}-01"], False),
    "other digits": ([HEADER.replace("a", "g", 1)], False),
    "too short": ([HEADER[:-1]], False),
    "nothing": ([""], False),
    "two": ([HEADER, HEADER], False),
}

# header -> what is kept of it
STATES = {
    "vendorname1=opaqueValue1, vendorname2=opaqueValue2": "vendorname1=opaqueValue1,vendorname2=opaqueValue2",
    "foo=1,,  ,bar=2": "foo=1,bar=2",
    "t61rcWkgMzE/x=1": "",
    "fw529a3039@dt=FfffA,1a-2f@vd=x y~!": "fw529a3039@dt=FfffA,1a-2f@vd=x y~!",
    "foo=1,foo=2": "",
    "foo": "",
    "foo=": "",
    "foo=a=b": "",
    "Foo=1": "",
    "=1": "",
    "foo =1": "",
    "foo@=1,bar@bar@bar=1": "foo@=1,bar@bar@bar=1",  # allowed by version 2 of the specification
    "x" * 256 + "=" + "y" * 256: "x" * 256 + "=" + "y" * 256,
    "x" * 257 + "=1": "",
    "x=" + "y" * 257: "",
    ",".join(f"k{n}=1" for n in range(32)): ",".join(f"k{n}=1" for n in range(32)),
    ",".join(f"k{n}=1" for n in range(33)): "",
}
