import { ambient } from '../loop/ambient.ts';
import { nextHostTurn } from './host.ts';

// The number of turns of the host's loop in which nothing must have happened here before all counts as quiet.
const QUIET_TURNS = 2;

/** What a watch asks and tells. */
export interface Watched {
  isHalted(): boolean;
  /** Lets one thing happen; false if nothing is ready, or if things happen by themselves. */
  step(): boolean;
  /** Called when all is quiet; returns false if there is nothing to do. */
  proceed(): boolean;
  /** Called when there was nothing to do. */
  rest(): void;
}

/** Detects when everything on a virtual loop is blocked: when nothing became ready in some turns of the host's loop. */
export class Watch {
  readonly #watched: Watched;
  // To look at what happens must not hold the context of the code that happened to begin with it.
  readonly #outside = ambient.snapshot();
  /** Counts what becomes ready. */
  #activity = 0;
  #isOn = false;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** Something became ready. */
  note(): void {
    this.#activity += 1;
  }

  begin(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#outside(() => {
      this.#look(this.#activity, 0);
    });
  }

  #look(seen: number, quietTurns: number): void {
    nextHostTurn(() => {
      const watched = this.#watched;
      if (watched.isHalted()) return;
      if (watched.step() || this.#activity !== seen) this.#look(this.#activity, 0);
      else if (quietTurns + 1 < QUIET_TURNS) this.#look(seen, quietTurns + 1);
      else if (watched.proceed()) this.#look(this.#activity, 0);
      else {
        this.#isOn = false;
        watched.rest();
      }
    });
  }
}
