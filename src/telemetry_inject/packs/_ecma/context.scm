; Every level: where an async function is suspended, its caller gets its own context back; where it goes on,
; the function's context is entered again.
((await_expression) @back (#set! only "async"))
((await_expression (_) @wait) (#set! only "async"))
((for_in_statement "await" right: (_) @wait) (#set! only "async"))
((for_in_statement "await" body: [(statement_block) (expression_statement) (return_statement) (throw_statement) (if_statement) (for_statement) (for_in_statement) (try_statement)] @resumed) (#set! only "async"))
((statement_block (for_in_statement "await") @left) (#set! only "async"))
((catch_clause body: (statement_block) @resumed) (#set! only "async"))
((finally_clause body: (statement_block) @resumed) (#set! only "async"))
