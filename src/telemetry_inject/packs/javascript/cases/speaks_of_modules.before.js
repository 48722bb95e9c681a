function complain() { throw new SyntaxError("Cannot use 'import.meta' outside of a module") } // import.meta
