; What there is to instrument, and the scopes and objects that give it a qualified name.
[
  (function_declaration)
  (function_expression)
  (generator_function)
  (generator_function_declaration)
  (arrow_function)
  (method_definition)
] @function
[(class_declaration) (class)] @scope
(variable_declarator name: (identifier) value: (object)) @namespace
