# why: trivial
class A:
    @property
    def name(self):
        """Documented."""
        return self._name

    def set(self, name):
        self._name = name
