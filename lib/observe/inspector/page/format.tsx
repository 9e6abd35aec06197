/** "3 s", "5 min", "2 h", "4 d": how long ago. */
export function age (date: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(date)) / 1_000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

export function milliseconds (duration: number): string {
  if (duration >= 1_000) return `${(duration / 1_000).toFixed(2)} s`
  return duration >= 10 ? `${Math.round(duration)} ms` : `${duration.toFixed(1)} ms`
}

export function time (date: string): string {
  return new Date(date).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
}

export function number (value: number): string {
  return value.toLocaleString('en')
}

export function events (count: number): string {
  return `${number(count)} ${count === 1 ? 'event' : 'events'}`
}

/** "05:57:56", in the browser's zone. */
export function clockTime (at: number): string {
  return new Date(at).toLocaleTimeString('en-GB')
}
