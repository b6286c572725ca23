/** As much of a `diagnostics_channel` channel as we use. */
export interface Channel {
  /** Whether a subscriber would get a message. */
  readonly hasSubscribers: boolean;
  /** Hands the message to every subscriber, at once. */
  publish(message: unknown): void;
}
