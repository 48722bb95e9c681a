try: from ._telemetry_inject import _tlm
except (ImportError, KeyError):
    try: from _telemetry_inject import _tlm
    except ImportError: _tlm = type("_tlm", (), dict(dict.fromkeys(("__init__", "__exit__", "branch", "loop", "handled", "assign"), lambda *_, **__: None), __enter__=lambda span: span, returns=lambda _, value, span: value))
async def analyse(self, rows, *rest, limit: int = 3, password=None, **options):
    """Doc."""
    with _tlm("analyse") as _tlm_s:
        total, count = 0, 0
        async for row in rows:
            _tlm_s.loop("for+3")
            if row.value: _tlm_s.branch("if+4"); total += row.value
            elif row.empty:
                # nothing in it
                _tlm_s.branch("elif+5")
                continue
            else:
                _tlm_s.branch("else+8")
                count += 1; a = b = count
            while count > limit:
                _tlm_s.loop("while+10")
                count -= 1
            else:
                _tlm_s.branch("else+12")
                self.count = options["count"] = count
        try:
            ratio: float = total / count
        except ZeroDivisionError:
            _tlm_s.handled("except+16")
            return None
        except (TypeError, ValueError) as error:
            _tlm_s.handled("except+18")
            raise
        else:
            _tlm_s.branch("else+20")
            first, *others = sorted(rest)
        finally:
            print(total)
        match first:
            case 1: _tlm_s.branch("case+25"); return 1, *others
            case _:
                _tlm_s.branch("case+26")
                x: int
                [y, (z, self.w)] = others

        class Local:
            attribute = 1
            if attribute:
                other = 2

        def inner():
            with _tlm("analyse.<locals>.inner") as _tlm_s:
                value = yield ratio
                return (yield value)

        if inner: _tlm_s.branch("if+39"); return(total)
        return (
            lambda: total
        )


class Store:
    def fetch(self, key):
        with _tlm("Store.fetch") as _tlm_s:
            return self.rows[key]

    @classmethod
    def make(cls, *, size=1):
        with _tlm("Store.make") as _tlm_s:
            if size: _tlm_s.branch("if+1"); return cls()
