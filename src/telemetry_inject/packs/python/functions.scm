; What there is to instrument, and the scopes that give it a qualified name.
(function_definition) @function
(class_definition) @scope
