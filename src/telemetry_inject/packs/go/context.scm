; Every level: a program that leaves through os.Exit or log.Fatal writes its spans first.
((call_expression function: (selector_expression) @_callee arguments: (argument_list (_) @flush .))
  (#any-of? @_callee "os.Exit" "log.Fatal" "log.Fatalf" "log.Fatalln"))
