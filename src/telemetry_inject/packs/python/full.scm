; Level full, added to level flow.
(expression_statement (assignment right: (_))) @assign
(expression_statement (augmented_assignment)) @assign
(return_statement (_) @returns)
