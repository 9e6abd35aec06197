/** A text that comes back as it went in: SQLite ends one at NUL, and has no place for half of a surrogate pair. */
export function text (value: string): string {
  return value.toWellFormed().replaceAll('\0', '\ufffd')
}

export function textOrNull (value: string | null): string | null {
  return value === null ? null : text(value)
}
