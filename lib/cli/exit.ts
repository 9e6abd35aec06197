/** The exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unknown: 3, interrupted: 130 } as const
