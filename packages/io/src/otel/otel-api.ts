// As much of `@opentelemetry/api` as is used, so that the package does not depend on it.

/** A value of an attribute. @beta */
export type OtelValue = string | number | boolean;
/** Attributes by their names. @beta */
export type OtelAttributes = Record<string, OtelValue>;

/** A `Context` of OpenTelemetry. @beta */
export interface OtelContext {
  /** Returns the value under a key. */
  getValue(key: symbol): unknown;
}

/** A `Span` of OpenTelemetry. @beta */
export interface OtelSpan {
  /** Sets the value of the attribute `key`. Returns the span. */
  setAttribute(key: string, value: OtelValue): unknown;
  /** Adds an event with a name and attributes. Returns the span. */
  addEvent(name: string, attributes?: OtelAttributes): unknown;
  /** Sets the status. Returns the span. */
  setStatus(status: { code: number; message?: string }): unknown;
  /** Changes the name. Returns the span. */
  updateName(name: string): unknown;
  /** Adds an event for an exception. */
  recordException(exception: Error | string): void;
  /** Ends the span. */
  end(): void;
}

/** A `Tracer` of OpenTelemetry. @beta */
export interface OtelTracer {
  /** Begins a span with a name and options. Returns the span, whose parent is the one in the context. */
  startSpan(
    name: string,
    options?: { kind?: number; attributes?: OtelAttributes; root?: boolean },
    context?: OtelContext,
  ): OtelSpan;
}

/** What an observable instrument of OpenTelemetry reports its values to. @beta */
export interface OtelResult {
  /** Reports a value, with its attributes. */
  observe(value: number, attributes?: OtelAttributes): void;
}

/** An observable instrument of OpenTelemetry. @beta */
export interface OtelObservable {
  /** Adds a function that reports values at each collection. */
  addCallback(callback: (result: OtelResult) => void): void;
  /** Removes such a function. */
  removeCallback(callback: (result: OtelResult) => void): void;
}

/** Options for an instrument of OpenTelemetry. @beta */
export interface OtelInstrumentOptions {
  /** Says what is measured. */
  description?: string;
  /** The unit of the values. */
  unit?: string;
}

/** A `Meter` of OpenTelemetry. @beta */
export interface OtelMeter {
  /** Makes a counter of that name. */
  createCounter(
    name: string,
    options?: OtelInstrumentOptions,
  ): { add(value: number, attributes?: OtelAttributes): void };
  /** Makes a gauge of that name. */
  createObservableGauge(name: string, options?: OtelInstrumentOptions): OtelObservable;
  /** Makes a counter of that name that may go down. */
  createObservableUpDownCounter(name: string, options?: OtelInstrumentOptions): OtelObservable;
}

/** The module `@opentelemetry/api`. @beta */
export interface OtelApi {
  /** The context without values. */
  readonly ROOT_CONTEXT: OtelContext;
  /** The kinds of spans. */
  readonly SpanKind: { readonly INTERNAL: number; readonly SERVER: number };
  /** The statuses of spans. */
  readonly SpanStatusCode: { readonly ERROR: number };
  /** The active context. */
  readonly context: {
    active(): OtelContext;
    with(context: OtelContext, fn: () => unknown): unknown;
  };
  /** What reads `traceparent` from headers. */
  readonly propagation: {
    extract(context: OtelContext, carrier: unknown): OtelContext;
  };
  /** Tracers, and spans in contexts. */
  readonly trace: {
    getTracer(name: string): OtelTracer;
    getSpan(context: OtelContext): OtelSpan | undefined;
    setSpan(context: OtelContext, span: never): OtelContext;
  };
  /** Meters. */
  readonly metrics: { getMeter(name: string): OtelMeter };
}
