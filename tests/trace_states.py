"""What a `tracestate` header may say, for the tests of the helpers in all languages (w3.org/TR/trace-context)."""

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
