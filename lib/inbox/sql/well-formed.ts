/** A text that comes back as it went in: SQLite ends one at NUL, PostgreSQL refuses it, and neither has a place for half of a surrogate pair. */
export function wellFormed (value: string): string {
  return value.toWellFormed().replaceAll('\0', '\ufffd')
}

/** A time as the store takes one: above 0, and an integer. */
export function wholeTime (time: number | null): number | null {
  return time === null ? null : Math.min(Math.max(1, Math.round(time)), Number.MAX_SAFE_INTEGER)
}

export function textOrNull (value: string | null): string | null {
  return value === null ? null : wellFormed(value)
}
