; Level full, added to level flow.
(statement_block (expression_statement [(assignment_expression) (augmented_assignment_expression)]) @assign)
(statement_block [(lexical_declaration) (variable_declaration)] @assign)
(return_statement (_) @returns)
