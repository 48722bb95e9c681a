"""Language models: providers, attempts, the budget, limits, prompts. Nothing here is imported before it is needed.

A pipeline builds one client and asks it questions; every attempt, of whichever kind, passes the budget:

    choice = detect(settings, os.environ)                    what provider, address, key and model, and why
    client = build_client(choice, settings)                  provider + cost tracker + limits
    answer = client.ask(Question("injection", messages, schema))
    answer.value                                             JSON that fits the schema, or a ModelError was raised

`client.cancel()` ends every call in flight, from any thread; `client.tracker.totals()` says what it all cost.
"""
