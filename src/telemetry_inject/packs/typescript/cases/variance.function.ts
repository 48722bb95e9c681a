// Variance annotations, which the grammar does not know.
import{_tlm}from"./_telemetry_inject";export interface Source<out T> {
  next(): T;
}
export interface Cell<in out T, const U extends readonly T[] = []> extends Source<T> {
  put(value: T, ...more: U): void;
}
export type Sink<
  in T,
  /** what comes back */
  out R = void,
> = (value: T) => R;
export class Box<out T> implements Source<T> {
  constructor(private readonly value: T) {const _tlm_s=_tlm`Box.constructor`;try{
    Object.freeze(this);
  }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  next(): T {const _tlm_s=_tlm`Box.next`;try{
    return [this.value].pop() as T;
  }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
}
export function has(name: string, out: object): boolean {const _tlm_s=_tlm`has`;try{
  const found = [name in out, "a, in b"], more = name.length < (name in out ? 1 : 2);
  return found.includes(more);
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
