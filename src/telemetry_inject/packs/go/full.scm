; Level full, added to level flow.
(statement_list [(short_var_declaration) (assignment_statement)] @assign)
