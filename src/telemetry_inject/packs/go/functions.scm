; What there is to instrument.
[(function_declaration) (method_declaration) (func_literal)] @function
