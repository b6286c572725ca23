export { instrument } from './otel/instrument.ts';
// Types of the given module, as far as they are used
export type { InstrumentOptions } from './otel/instrument.ts';
// Types of the given module, as far as they are used
export type {
  OtelApi,
  OtelAttributes,
  OtelContext,
  OtelInstrumentOptions,
  OtelMeter,
  OtelObservable,
  OtelResult,
  OtelSpan,
  OtelTracer,
  OtelValue,
} from './otel/otel-api.ts';
