try: from ._telemetry_inject import _tlm
except (ImportError, KeyError):
    try: from _telemetry_inject import _tlm
    except ImportError: from contextlib import nullcontext as _tlm
async def analyse(self, rows, *rest, limit: int = 3, password=None, **options):
    """Doc."""
    with _tlm("analyse"):
        total, count = 0, 0
        async for row in rows:
            if row.value: total += row.value
            elif row.empty:
                # nothing in it
                continue
            else:
                count += 1; a = b = count
            while count > limit:
                count -= 1
            else:
                self.count = options["count"] = count
        try:
            ratio: float = total / count
        except ZeroDivisionError:
            return None
        except (TypeError, ValueError) as error:
            raise
        else:
            first, *others = sorted(rest)
        finally:
            print(total)
        match first:
            case 1: return 1, *others
            case _:
                x: int
                [y, (z, self.w)] = others

        class Local:
            attribute = 1
            if attribute:
                other = 2

        def inner():
            with _tlm("analyse.<locals>.inner"):
                value = yield ratio
                return (yield value)

        if inner: return(total)
        return (
            lambda: total
        )


class Store:
    def fetch(self, key):
        with _tlm("Store.fetch"):
            return self.rows[key]

    @classmethod
    def make(cls, *, size=1):
        with _tlm("Store.make"):
            if size: return cls()
