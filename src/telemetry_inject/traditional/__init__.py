"""The traditional pipeline: a model looks at each file, and can do no more than choose.

    HybridAnalyzer          with a pack: tree-sitter; without: LLMAnalyzer asks where functions begin and end
    CodeInjector            with a pack: a model says which functions are worth a span
    RetryInjector           asks again with the exact error, ReflectionEngine asks what was misunderstood
    light_instrumenter      without a pack: our own snippets at the places that were proved

Whatever a model answers, every inserted text is rendered from a pack's snippets, and the output without the
insertions is the input. Nothing of the model layer is loaded before a model has to be asked.
"""
