import{_tlm}from"./_telemetry_inject.mjs";export default function () {const _tlm_s=_tlm`default`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
export async function later() {const _tlm_s=_tlm.async`later`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
export const arrow = (a, b) => {let _tlm_s=_tlm`arrow`;try{return work(a, b)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}, curried = a => {let _tlm_s=_tlm`curried`;try{return b => {let _tlm_s=_tlm`curried.<anonymous>`;try{return async c => {let _tlm_s=_tlm.async`curried.<anonymous>.<anonymous>`;try{return work(a, b, c)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}};
export const object = () => {let _tlm_s=_tlm`object`;try{return ({ a: work() })}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}, comma = a => {let _tlm_s=_tlm`comma`;try{return (work(a), 1)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}, commented = a => /* b */ {let _tlm_s=_tlm`commented`;try{return work(a)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}} /* c */;
export const lined = a =>
  // why
  {let _tlm_s=_tlm`lined`;try{return work(a)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}} // what
const named = function inner() {const _tlm_s=_tlm`inner`;try{ return inner.call(this, ...arguments) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}};
const async = async => {let _tlm_s=_tlm`async`;try{return work(async)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}, get = async (async) => {let _tlm_s=_tlm.async`get`;try{return work(async)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}};
class Store extends Map {
  #rows = new Map();
  field = () => {let _tlm_s=_tlm`Store.field`;try{return work(this)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}};
  static shared = async () => {let _tlm_s=_tlm.async`Store.shared`;try{return work(this)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}};
  static { work(() => {let _tlm_s=_tlm`Store.<anonymous>`;try{return work()}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}); }
  constructor(...rows) {const _tlm_s=_tlm`Store.constructor`;try{ super(rows); work(new.target); }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  get size() {const _tlm_s=_tlm`Store.size`;try{ return work(this.#rows) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  set size(value) {const _tlm_s=_tlm`Store.size#2`;try{ work(value) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  #secret() {const _tlm_s=_tlm`Store.#secret`;try{ return work(this) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  static create() {const _tlm_s=_tlm`Store.create`;try{ return new Store() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  static async async() {const _tlm_s=_tlm.async`Store.async`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  async() {const _tlm_s=_tlm`Store.async#2`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  get() {const _tlm_s=_tlm`Store.get`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  *[Symbol.iterator]() {const _tlm_s=_tlm.generator`Store.[Symbol.iterator]`;try{ yield* this.#rows }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  async *stream() {const _tlm_s=_tlm.asyncGenerator`Store.stream`;try{ yield work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  "quoted name"() {const _tlm_s=_tlm`Store.quoted_name`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  [`computed${work()}`]() {const _tlm_s=_tlm`Store.[_computed$_work_]`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  0() {const _tlm_s=_tlm`Store.0`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
}
const methods = { async() {const _tlm_s=_tlm`methods.async`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}, set(a) {const _tlm_s=_tlm`methods.set`;try{ return work(a) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}, async *async2() {const _tlm_s=_tlm.asyncGenerator`methods.async2`;try{ yield work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}, get async3() {const _tlm_s=_tlm`methods.async3`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} };
function* generator() {const _tlm_s=_tlm.generator`generator`;try{ const got = yield work(); try { yield got } finally { work() } }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
(function () {const _tlm_s=_tlm`<anonymous>`;try{ work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}})();
(() => {const _tlm_s=_tlm`<anonymous>#2`;try{ work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}})()
function outer() {const _tlm_s=_tlm`outer`;try{ return nested(); function nested() {const _tlm_s=_tlm`outer.nested`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function work() {const _tlm_s=_tlm`work`;try{ return outer() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
