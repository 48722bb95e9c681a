// why: file: no functions
declare function a(): void;
export interface A { b(): void; new (): A; get c(): number }
export abstract class B { abstract d(): void; e?(): void }
export type F = (g: number) => void;
