function statements(rows) {
  if (rows) work(rows); else if (rows === 0) return; else throw rows
  if (rows) { } else work(rows)
  for (const row of rows) work(row);
  for (let i = 0; i < 3; i++) work(i)
  while (work()) work(rows)
  do work(rows)
  while (work())
  outer: for (const row in rows) { if (row) continue outer
    break }
  switch (work()) { case 1: case rows ? 2 : 3: work(); default: work() }
  try { work() } catch (error) { work(error) }
  try { work() } catch ({ message }) { work(message) }
  let error = work(rows), { span, ...rest } = rows, [first = 1, [alias]] = rows
  error = span = first; rest += 1
  return/rest/
}
function work(a) { if (a) return work(a), a; return (a, work) }
