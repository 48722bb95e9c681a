
/**
 * What the body of an instrumented function reports to. None of it throws. The second argument of some is only the
 * end mark of what was inserted.
 */
export interface TelemetrySpan {
  /** The function throws `error`, which is handed back. */
  fail<E>(error: E): E;
  /** The function ends. */
  exit(): void;
  /** The function is about to wait for `value`, which is handed through. */
  wait<T>(value: T, span?: TelemetrySpan): T;
  /** The function goes on, with what it waited for. */
  back(): void;
  back<T>(value: T, span?: TelemetrySpan): T;
  /** A branch was taken. */
  branch(label: string): void;
  /** A loop went round once. */
  loop(label: string): void;
  /** An exception was caught. */
  handled(label: string, error?: unknown): void;
  /** The function was called with these. */
  args(values: object): TelemetrySpan;
  /** Variables were set. */
  assign(values: object): void;
  /** The function returns `value`, which is handed through. */
  returns<T>(value: T, span?: TelemetrySpan): T;
}

/** Begins the span of a call; the text between the backticks names the function. */
export interface TelemetryTracer {
  (site: TemplateStringsArray): TelemetrySpan;
  async(site: TemplateStringsArray): TelemetrySpan;
  generator(site: TemplateStringsArray): TelemetrySpan;
  asyncGenerator(site: TemplateStringsArray): TelemetrySpan;
  entry(site: TemplateStringsArray): void;
}
