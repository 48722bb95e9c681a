import{_tlm}from"./_telemetry_inject.js";import { Base } from "./base.js";
export class Derived extends Base {
  field = work();
  constructor(readonly name: string) {
    super(name); const _tlm_s=_tlm`Derived.constructor`;try{ // a comment reaches into the statement
    work();
  }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
}
export class After extends Base {
  constructor() {
    "use strict" // one more
    const name = String(work());
    super(name);const _tlm_s=_tlm`After.constructor`;try{ work();
    if (work()) return;
  }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
}
export abstract class Abstract {
  constructor(private a: number, public b = work(), ...rest: string[]) {const _tlm_s=_tlm`Abstract.constructor`;try{ work(rest) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  abstract method(): void;
  get value(): number {const _tlm_s=_tlm`Abstract.value`;try{ return work(this.a) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  protected static async later<T extends object>(this: void, value: Promise<T>): Promise<T> {const _tlm_s=_tlm.async`Abstract.later`;try{ return _tlm_s.back(await _tlm_s.wait(value,_tlm_s),_tlm_s) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
}
function work(..._all: unknown[]): number {const _tlm_s=_tlm`work`;try{ return Math.random() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
