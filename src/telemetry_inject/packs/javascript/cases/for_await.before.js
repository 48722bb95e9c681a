async function bare() { for await (const i of jobs()) await work(i); }
async function* jobs() { yield* await fetchAll(); }
