/** The time that a text in the format of ISO 8601 names; undefined if there is none. JavaScript takes February 30 for March 2. */
export function isoTime (text: string): Date | undefined {
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) return undefined
  const day = text.slice(0, 'yyyy-mm-dd'.length)
  return new Date(day).toISOString().startsWith(day) ? time : undefined
}

/** A time as the stores have it, in milliseconds since 1970. */
export function dateOf (time: number | null): Date | null {
  return time === null ? null : new Date(time)
}
