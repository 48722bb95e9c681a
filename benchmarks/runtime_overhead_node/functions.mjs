// What is called: as it stands here, and instrumented by the tool.

export function call(x) {
  return x + 1;
}

export function flow(x) {
  if (x >= 0) {
    return x + 1;
  }
  return x;
}

export function full(x) {
  const y = x + 1;
  return y;
}

export async function wait(x) {
  const y = await x;
  return y + 1;
}

export function* numbers(x) {
  yield x;
}
