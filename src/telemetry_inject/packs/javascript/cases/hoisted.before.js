function moves() { return first() + second(); function first() { return work(1) } function second() { return work(2) } }
function lexical(flag) { { function block() { return work() } } let other = block; return other() }
function* generators() { yield* one(); function* one() { yield work() } async function two() { await one(work()) } }
function work() { return moves() }
