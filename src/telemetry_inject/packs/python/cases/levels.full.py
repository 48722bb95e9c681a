try: from ._telemetry_inject import _tlm
except (ImportError, KeyError):
    try: from _telemetry_inject import _tlm
    except ImportError: _tlm = type("_tlm", (), dict(dict.fromkeys(("__init__", "__exit__", "branch", "loop", "handled", "assign"), lambda *_, **__: None), __enter__=lambda span: span, returns=lambda _, value, span: value))
async def analyse(self, rows, *rest, limit: int = 3, password=None, **options):
    """Doc."""
    with _tlm("analyse", self=self, rows=rows, rest=rest, limit=limit, password=password, options=options) as _tlm_s:
        total, count = 0, 0; _tlm_s.assign(total=total, count=count)
        async for row in rows:
            _tlm_s.loop("for+3")
            if row.value: _tlm_s.branch("if+4"); total += row.value; _tlm_s.assign(total=total)
            elif row.empty:
                # nothing in it
                _tlm_s.branch("elif+5")
                continue
            else:
                _tlm_s.branch("else+8")
                count += 1; _tlm_s.assign(count=count); a = b = count; _tlm_s.assign(a=a, b=b)
            while count > limit:
                _tlm_s.loop("while+10")
                count -= 1; _tlm_s.assign(count=count)
            else:
                _tlm_s.branch("else+12")
                self.count = options["count"] = count
        try:
            ratio: float = total / count; _tlm_s.assign(ratio=ratio)
        except ZeroDivisionError:
            _tlm_s.handled("except+16")
            return _tlm_s.returns((None), _tlm_s)
        except (TypeError, ValueError) as error:
            _tlm_s.handled("except+18")
            raise
        else:
            _tlm_s.branch("else+20")
            first, *others = sorted(rest); _tlm_s.assign(first=first, others=others)
        finally:
            print(total)
        match first:
            case 1: _tlm_s.branch("case+25"); return _tlm_s.returns((1, *others), _tlm_s)
            case _:
                _tlm_s.branch("case+26")
                x: int
                [y, (z, self.w)] = others; _tlm_s.assign(y=y, z=z)

        class Local:
            attribute = 1
            if attribute:
                other = 2

        def inner():
            with _tlm("analyse.<locals>.inner") as _tlm_s:
                value = yield ratio; _tlm_s.assign(value=value)
                return _tlm_s.returns(((yield value)), _tlm_s)

        if inner: _tlm_s.branch("if+39"); return(_tlm_s.returns)(((total)), _tlm_s)
        return _tlm_s.returns(((
            lambda: total
        )), _tlm_s)


class Store:
    def fetch(self, key):
        with _tlm("Store.fetch", key=key) as _tlm_s:
            return _tlm_s.returns((self.rows[key]), _tlm_s)

    @classmethod
    def make(cls, *, size=1):
        with _tlm("Store.make", size=size) as _tlm_s:
            if size: _tlm_s.branch("if+1"); return _tlm_s.returns((cls()), _tlm_s)
