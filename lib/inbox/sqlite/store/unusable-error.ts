/** A file that cannot be an inbox, and why. */
export class UnusableError extends Error {}
