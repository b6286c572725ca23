/** As much of a `diagnostics_channel` channel as we use. */
export interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}
