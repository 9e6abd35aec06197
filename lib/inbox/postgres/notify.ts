/** Numbers have 16 digits at most, and a notification has less than 8 000 bytes. */
const MOST_NUMBERS = 400

/**
 * With the channel and a list of notices. It is a transaction of its own, which waits neither for the disk nor for a standby: the server
 * waits only if something else was written, too.
 */
export const NOTIFY = 'SELECT pg_catalog.pg_notify($1, notice) FROM pg_catalog.unnest($2::pg_catalog.text[]) AS notice'

/** What others are told: who says so, and the numbers of the events that are gone, if any are. */
export function noticesOf (sender: string, removed: readonly number[]): string[] {
  const count = Math.max(1, Math.ceil(removed.length / MOST_NUMBERS))
  return Array.from({ length: count }, (_, i) => [sender, ...removed.slice(i * MOST_NUMBERS, (i + 1) * MOST_NUMBERS)].join(' '))
}

export function readNotice (notice: string): { sender: string | undefined, removed: ReadonlySet<number> } {
  const [sender, ...removed] = notice.split(' ')
  return { sender, removed: new Set(removed.map(Number)) }
}
