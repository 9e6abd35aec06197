const LONGEST = 64

/** The name of an event without a schema, for the log: short, and without what a log viewer or a terminal might take for its own. */
export function nameInLogs (name: string): string {
  return name.slice(0, LONGEST).replaceAll(/[^A-Za-z0-9_.:/-]/g, '?')
}
