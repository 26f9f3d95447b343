export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;

/** `1 012 ms`; thin spaces would be nicer, and not every terminal has them. */
export const milliseconds = (ms: number): string => `${String(Math.round(ms)).replace(/\B(?=(\d{3})+$)/g, ' ')} ms`;
