// why: moved by the test runner
jest.mock("./a", () => ({ b: jest.fn(() => print(1)) }));
vi.hoisted(() => { print(1); });
