// why: its text is a property name
export const o = { [() => print(1)]: 1, [function () { print(2); }]: 2 };
