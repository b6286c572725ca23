import type { EventLoop } from '../loop/event-loop.ts';
import type { SignalName } from '../internal/signal-name.ts';

/** The options of a run that concern its process. */
export interface ProcessOptions {
  readonly signals?: readonly SignalName[] | undefined;
  readonly drain?: number | undefined;
  readonly grace?: number | undefined;
  readonly uncaught?: 'shutdown' | 'exit' | undefined;
  readonly dumpOn?: SignalName | undefined;
  readonly exitOnSignal?: boolean | undefined;
}

/** A run, as the process sees it. It is given, since what is chosen by runtime is bundled apart from the rest. */
export interface ControlledRun {
  readonly scope: {
    readonly reason: unknown;
    drain(options: { readonly reason: unknown }): void;
    /** @internal */ _cancelBy(source: 'shutdown', reason: unknown): void;
  };
  readonly loop: EventLoop;
  /** Prints the task tree under a title. */
  readonly dump: (title: string) => void;
  /** Attaches errors to one that they came after. */
  readonly suppress: (error: unknown, later: readonly unknown[]) => void;
}

/** How the world ends a run, and what the process does when the run has ended. */
export interface ProcessControl extends Disposable {
  /** Begins to listen. */
  hook(): void;
  /** Whether an error that was not caught has the last word, though main may have finished anyway. */
  readonly isByError: boolean;
  /** The run has ended with an error: it comes out, or the process ends by the signal. */
  rejected(error: unknown): Promise<never>;
}
