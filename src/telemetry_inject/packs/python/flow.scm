; Level flow. A capture names the snippet, (#set! label ...) the kind of place.
((if_statement consequence: (block) @branch) (#set! label "if"))
((elif_clause consequence: (block) @branch) (#set! label "elif"))
((else_clause body: (block) @branch) (#set! label "else"))
((case_clause consequence: (block) @branch) (#set! label "case"))
((for_statement body: (block) @loop) (#set! label "for"))
((while_statement body: (block) @loop) (#set! label "while"))
((except_clause (block) @handled) (#set! label "except"))
