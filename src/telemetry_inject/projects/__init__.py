"""What the project around a source file says about it: where the runtime helper goes and how it is imported.

Everything here reads small configuration files and nothing else; what is broken in them never raises, it is
told in `problems`, and the answer is what the language's own tools would fall back to.
"""
