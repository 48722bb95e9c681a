"""Which functions of a tree get spans, which of them were called, and which only cost."""
