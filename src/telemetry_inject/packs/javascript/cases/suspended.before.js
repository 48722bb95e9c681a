async function waits(rows) {
  const first = await rows, second = (await rows).length, third = [...await rows, `${await rows}`, !await rows];
  if (first)await work(second); else await work(third)
  for await (const row of rows) { work(row) }
  for await (const row of await rows) { await work(row) } work()
  try { await work() } catch { work() } finally { work() }
  const inner = async () => await work(await rows), sync = () => work();
  class Local { method = async () => { await work() } }
  return(await inner(sync, Local))
}
async function* streams(rows) { for await (const row of rows) yield await row }
const work = async (...all) => { await null; return all }
