/** Where the parts of a world report what they notice. */
export interface Reporter {
  /** Writes a line of the story; absent when nobody reads it. */
  readonly log: ((text: string) => void) | undefined;
  /**
   * Reports a broken promise: `rule` is a guarantee, or `contract` for what the contract says
   * besides.
   */
  report(rule: string, text: string): void;
  /** Counts an event, for the coverage. */
  count(event: string): void;
}
