; What TypeScript adds to the names.
(abstract_class_declaration) @scope
[(internal_module) (module)] @namespace
