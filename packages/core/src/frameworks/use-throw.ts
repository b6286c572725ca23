import { useLayoutEffect, useState } from 'react';
import type { Dispatch, SetStateAction } from 'react';
import { reportLater } from '../internal/report-later.ts';

/**
 * A function that has the component throw in its next render: that is how an error reaches the nearest error boundary. Once the component
 * is unmounted it has no render and no boundary, and the error becomes an uncaught one.
 */
export function useThrow(): (error: unknown) => void {
  const [, set] = useState();
  const [exit] = useState(() => new Exit(set));
  useLayoutEffect(() => exit.open(), [exit]);
  return exit.leave;
}

interface Leaving {
  readonly error: unknown;
  isReported: boolean;
}

/** How errors leave a component. */
class Exit {
  readonly #set: Dispatch<SetStateAction<undefined>>;
  #isMounted = false;
  /** Those that no render has thrown yet. */
  readonly #leaving = new Set<Leaving>();

  constructor(set: Dispatch<SetStateAction<undefined>>) {
    this.#set = set;
  }

  readonly open = (): (() => void) => {
    this.#isMounted = true;
    return () => {
      this.#isMounted = false;
      // React forgets the updates of a component that it unmounts.
      for (const leaving of this.#leaving) this.#report(leaving);
      this.#leaving.clear();
    };
  };

  readonly leave = (error: unknown): void => {
    const leaving: Leaving = { error, isReported: false };
    if (!this.#isMounted) {
      this.#report(leaving);
      return;
    }
    this.#set((state) => {
      // The component was only hidden, and is rendered again.
      if (leaving.isReported) return state;
      this.#leaving.delete(leaving);
      throw error;
    });
    // Not before: React tries an update at once, and drops what that throws, since it tries again in the render.
    this.#leaving.add(leaving);
  };

  #report(leaving: Leaving): void {
    leaving.isReported = true;
    reportLater(leaving.error);
  }
}
