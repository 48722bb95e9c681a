#!/usr/bin/env node
'use strict' // a comment belongs to the statement where no semicolon ends it

function plain() { "use strict"; return work() }
function commented() { "use strict" // why
  return work() }
function several() {
  'use strict' /* one */
  "use client"
  // two
  return work()
}
const memo = () => {
  "use memo"
  return work()
}
function none() {
  ("use strict")
  return work()
}
function work() { return none() }
