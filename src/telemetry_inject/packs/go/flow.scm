; Level flow. A capture names the snippet, (#set! label ...) the kind of place.
((if_statement consequence: (block) @branch) (#set! label "if"))
((if_statement alternative: (block) @branch) (#set! label "else"))
((expression_case) @case (#set! label "case"))
((type_case) @case (#set! label "case"))
((communication_case) @case (#set! label "case"))
((default_case) @case (#set! label "default"))
((for_statement body: (block) @loop) (#set! label "for"))
